import { toBinary } from '@bufbuild/protobuf';
import type { Plan } from '../config/resolve.js';
import { modelOf } from '../engines/onnxruntime/encode.js';
import { ModelProtoSchema } from '../engines/onnxruntime/onnx_pb.js';
import * as ort from '../engines/onnxruntime/onnxruntime.js';
import type { Weights } from '../model/program.js';
import type { Graph } from '../tracing/graph.js';
import { onnxOperators } from '../tracing/kernels/index.js';
import { ports } from '../tracing/step_graphs.js';
import { input } from '../tracing/trace_graph.js';
import { ANY_BATCH } from './dynamic_batch.js';
import { foldBatchNorms } from './fold_batch_norms.js';
import { type OpenedExport, predictionPorts, tracePrediction } from './trace_prediction.js';

/** What a model file says of itself. */
export interface OnnxDescription {
  /** Version of gnet. */
  readonly version: string;
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * A trained model as one ONNX file: preprocessing, network, parameters and buffers.
 * Input: images, uint8 [batch, channels, height, width]. Outputs: logits and probabilities, float32 [batch, classes].
 */
export async function exportOnnx(
  plan: Plan,
  weights: Weights,
  { version, metadata }: OnnxDescription,
): Promise<Uint8Array> {
  const { channels, height, width } = plan.dataset.image;
  const traced = await tracePrediction(onnxOperators, plan, weights, (trace) =>
    input(trace, ports.images, 'uint8', [ANY_BATCH, channels, height, width]),
  );
  const model = modelOf(await foldBatchNorms(dropPositions(traced)));
  const graph = model.graph!;
  model.producerVersion = version;
  graph.name = plan.config.name;
  graph.input[0]!.docString = 'Pixel values 0…255 in planes; preprocessing is part of the graph';
  for (const [key, value] of Object.entries(metadata)) {
    model.metadataProps.push({ $typeName: 'onnx.StringStringEntryProto', key, value });
  }
  return toBinary(ModelProtoSchema, model);
}

/** A max-pool notes the positions of its maxima for the gradient; not every runtime can, and nobody reads them here. */
function dropPositions(graph: Graph): Graph {
  const read = new Set(graph.nodes.flatMap((node) => node.inputs));
  const nodes = graph.nodes.map((node) =>
    node.op === 'MaxPool' && !read.has(node.outputs[1] ?? '')
      ? { ...node, outputs: node.outputs.slice(0, 1) }
      : node,
  );
  return { ...graph, nodes };
}

/** Opens a file that `exportOnnx` made, with ONNX Runtime. */
export async function openOnnx(path: string, plan: Plan): Promise<OpenedExport> {
  const session = await ort.InferenceSession.create(path, { logSeverityLevel: 3 });
  const { channels, height, width } = plan.dataset.image;
  return {
    predict: async (images, size) => {
      const feed = new ort.Tensor('uint8', images, [size, channels, height, width]);
      const results = await session.run({ [ports.images]: feed });
      const numbers = (name: string) => results[name]!.data as Float32Array;
      return {
        logits: numbers(predictionPorts.logits),
        probabilities: numbers(predictionPorts.probabilities),
      };
    },
    release: () => session.release(),
  };
}
