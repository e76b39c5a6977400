import * as tf from '@tensorflow/tfjs';
import { loadTfjs } from '../../src/backends/load_tfjs.js';
import type { Engine } from '../../src/engines/engine.js';
import { encodeModel } from '../../src/engines/onnxruntime/encode.js';
import { OnnxRuntimeEngine } from '../../src/engines/onnxruntime/engine.js';
import * as ort from '../../src/engines/onnxruntime/onnxruntime.js';
import { backends } from '../../src/registry/backends.js';
import { TRACE_BACKEND, traceBackend } from '../../src/tracing/backend.js';
import type { Graph } from '../../src/tracing/graph.js';
import {
  customOperations,
  deviceOperators,
  onnxOperators,
  primitiveOperations,
} from '../../src/tracing/kernels/index.js';
import type { Target } from '../../src/tracing/kernels/kernel.js';
import { Trace } from '../../src/tracing/trace.js';
import { naturalOrder } from '../../src/tracing/value.js';
import type { View } from '../../src/tracing/view.js';
import { onednnEngine, whyNoOnednn } from './onednn.js';
import { type Plain, permute } from './plain.js';
import { type EagerName, whyNoTensorflow } from './tensorflow.js';
import { requireWebgpu } from './webgpu.js';

/** An input of a tested function: float32 where it says nothing else. */
export interface Input extends Plain {
  readonly type?: 'float32' | 'int32' | 'uint8';
  /** How a traced value stores its axes: physical axis i holds axis order[i]. */
  readonly order?: readonly number[];
}

/** A function of tensors, as a kernel, a layer or a step is one. */
export type TensorFunction = (inputs: tf.Tensor[], trace?: Trace) => tf.Tensor | tf.Tensor[];

/** Runs a function of tensors and reads its results. */
export type Runner = (run: TensorFunction, inputs: readonly Input[]) => Promise<Plain[]>;

function eager(backend: EagerName): Runner {
  return async (run, inputs) => {
    await loadTfjs(backend);
    const tensors = inputs.map(({ shape, values, type = 'float32' }) =>
      type === 'float32'
        ? tf.tensor(Float32Array.from(values), [...shape])
        : tf.tensor(Int32Array.from(values), [...shape], 'int32'),
    );
    const results = tf.tidy(() => [run(tensors)].flat());
    const read = results.map((tensor) => ({ shape: tensor.shape, values: tensor.dataSync() }));
    tf.dispose([tensors, results]);
    return read;
  };
}

/** Traces the function into a graph. Inputs are named 0, 1 … and outputs y0, y1 …, stored as TensorFlow.js sees them. */
export async function traceFunction(
  run: TensorFunction,
  inputs: readonly Input[],
  target: Target = onnxOperators,
): Promise<Trace> {
  const backend = traceBackend();
  const trace = new Trace(target);
  await tf.setBackend(TRACE_BACKEND);
  try {
    backend.during(trace, () =>
      tf.tidy(() => {
        const tensors = inputs.map(
          ({ shape, type = 'float32', order = naturalOrder(shape.length) }, index) => {
            const physical = order.map((axis) => shape[axis]!);
            const name = trace.graph.input(String(index), type, physical);
            const value = trace.value(name, shape, { type, order });
            const dtype = type === 'float32' ? 'float32' : 'int32';
            return tf.engine().makeTensorFromTensorInfo(backend.register(value, dtype));
          },
        );
        for (const [index, tensor] of [run(tensors, trace)].flat().entries()) {
          const value = backend.valueFor(tensor);
          trace.graph.output(`y${index}`, trace.natural(value), value.type, tensor.shape);
        }
      }),
    );
  } finally {
    await tf.setBackend('cpu');
  }
  return trace;
}

const typedArrays = { float32: Float32Array, int32: Int32Array, uint8: Uint8Array };

/** The inputs as an engine takes them, by name. */
function viewsOf(inputs: readonly Input[]): Map<string, View> {
  return new Map(
    inputs.map(({ type = 'float32', order, ...x }, index) => {
      const { shape, values } = order ? permute(x, order) : x;
      return [String(index), { type, shape, data: typedArrays[type].from(values) }];
    }),
  );
}

const read = (shape: readonly number[], data: unknown): Plain => ({
  shape,
  values: Array.from(data as ArrayLike<number>, Number),
});

/** Runs a graph on ONNX Runtime; inputs are named 0, 1 … in order. */
export async function runGraph(
  graph: Graph,
  inputs: readonly Input[],
  provider: ort.InferenceSession.ExecutionProviderConfig = 'cpu',
): Promise<Plain[]> {
  const session = await ort.InferenceSession.create(encodeModel(graph), {
    executionProviders: [provider],
    intraOpNumThreads: 1,
    logSeverityLevel: 3,
  });
  const feeds = [...viewsOf(inputs)].map(
    ([name, { type, data, shape }]) => [name, new ort.Tensor(type, data, shape)] as const,
  );
  const results = await session.run(Object.fromEntries(feeds));
  await session.release();
  return session.outputNames.map((name) => read(results[name]!.dims, results[name]!.data));
}

const traced: Runner = async (run, inputs) => {
  const trace = await traceFunction(run, inputs);
  return runGraph(trace.graph.finish(), inputs);
};

/** Traced for an engine, and run by it. */
function compiled(target: Target, open: () => Engine | Promise<Engine>): Runner {
  return async (run, inputs) => {
    const trace = await traceFunction(run, inputs, target);
    const graph = trace.graph.finish();
    const executable = await (await open()).open(graph);
    const output = await executable.run(viewsOf(inputs));
    await executable.release();
    return graph.outputs.map(({ name }) => read(output(name).shape, output(name).data));
  };
}

/** As training runs: cut at the operations that gnet computes itself. */
const custom = compiled(
  customOperations,
  () => new OnnxRuntimeEngine({ executionProviders: ['cpu'], threads: 1, device: false }),
);

/** The graph for GPUs, with this provider: any of them runs it. */
function device(provider: ort.InferenceSession.ExecutionProviderConfig): Runner {
  return async (run, inputs) => {
    if (provider !== 'cpu') await requireWebgpu();
    const { graph } = await traceFunction(run, inputs, deviceOperators);
    return runGraph(graph.finish(), inputs, provider);
  };
}

/** Each way in which the model runs. */
export const runners = {
  cpu: eager('cpu'),
  wasm: eager('wasm'),
  tensorflow: eager('tensorflow'),
  traced,
  custom,
  onednn: compiled(primitiveOperations, () => onednnEngine()),
  device: device('cpu'),
  webgpu: device(backends['onnxruntime-webgpu'].executionProvider),
} satisfies Record<string, Runner>;

/** Each way in which it runs here, by name; webgpu skips the test where it cannot. */
export const allRunners = Object.entries(runners).filter(
  ([name]) =>
    (name !== 'tensorflow' || whyNoTensorflow === null) && (name !== 'onednn' || whyNoOnednn === null),
);
