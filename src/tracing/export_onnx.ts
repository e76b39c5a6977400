import { fromBinary, toBinary } from '@bufbuild/protobuf';
import * as tf from '@tensorflow/tfjs';
import * as ort from 'onnxruntime-node';
import type { Plan } from '../config/resolve.js';
import { predictionStep } from '../model/step.js';
import type { NamedTensor } from '../storage/safetensors.js';
import { traceBackend } from './backend.js';
import { input, output, ports, traceGraph } from './compile.js';
import { ANY_BATCH, makeBatchDynamic } from './dynamic_batch.js';
import { type GraphProto, ModelProtoSchema } from './onnx_pb.js';
import type { Trace } from './trace.js';

/** What a model file says of itself. */
export interface OnnxDescription {
  /** Version of gnet. */
  readonly version: string;
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * A trained model as one ONNX file: preprocessing, network and parameters (initializers with their state-dict names).
 * Input: images, uint8 [batch, channels, height, width]. Outputs: logits and probabilities, float32 [batch, classes].
 */
export async function exportOnnx(
  plan: Plan,
  parameters: ReadonlyMap<string, NamedTensor>,
  { version, metadata }: OnnxDescription,
): Promise<Uint8Array> {
  const { channels, height, width } = plan.dataset.image;
  const { model: traced } = await traceGraph((trace) => {
    const images = input(trace, ports.images, 'uint8', [ANY_BATCH, channels, height, width]);
    const tensors = new Map(
      [...parameters].map(([name, tensor]) => [name, parameterTensor(trace, name, tensor)]),
    );
    const { logits, probabilities } = predictionStep(tf, plan, tensors, images, (name) =>
      trace.enterLayer(name),
    );
    output(trace, 'logits', logits);
    output(trace, ports.probabilities, probabilities);
  });
  const model = fromBinary(ModelProtoSchema, traced);
  const graph = model.graph!;
  makeBatchDynamic(graph);
  dropPositions(graph);
  model.producerVersion = version;
  graph.name = plan.config.name;
  graph.input[0]!.docString = 'Pixel values 0…255 in planes; preprocessing is part of the graph';
  for (const [key, value] of Object.entries(metadata)) {
    model.metadataProps.push({ $typeName: 'onnx.StringStringEntryProto', key, value });
  }
  return toBinary(ModelProtoSchema, model);
}

function parameterTensor(trace: Trace, name: string, { data, shape }: NamedTensor): tf.Tensor {
  const value = trace.value(trace.graph.initializer(name, data, shape), shape);
  return tf.engine().makeTensorFromTensorInfo(traceBackend().register(value, 'float32'));
}

/** A max-pool notes the positions of its maxima for the gradient; not every runtime can, and nobody reads them here. */
function dropPositions(graph: GraphProto): void {
  const read = new Set(graph.node.flatMap((node) => node.input));
  for (const node of graph.node) {
    if (node.opType === 'MaxPool' && !read.has(node.output[1] ?? '')) node.output.length = 1;
  }
}

/** An exported model, opened as its users will. */
export interface OnnxModel {
  /** @param images uint8 [size, channels, height, width]; @returns float32 [size, classes] */
  probabilities(images: Uint8Array, size: number): Promise<Float32Array>;
  release(): Promise<void>;
}

/** Opens a file that `exportOnnx` made, with ONNX Runtime. */
export async function openOnnx(path: string, plan: Plan): Promise<OnnxModel> {
  const session = await ort.InferenceSession.create(path, { logSeverityLevel: 3 });
  const { channels, height, width } = plan.dataset.image;
  return {
    probabilities: async (images, size) => {
      const feed = new ort.Tensor('uint8', images, [size, channels, height, width]);
      const results = await session.run({ [ports.images]: feed }, [ports.probabilities]);
      return results[ports.probabilities]!.data as Float32Array;
    },
    release: () => session.release(),
  };
}
