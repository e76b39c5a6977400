// @ts-check
// ONNX Runtime's own float32 matrix product of 2048³: the machine's peak for it. node bench/contenders/gemm.js THREADS

import { encodeModel } from '../../dist/engines/onnxruntime/encode.js';
import * as ort from '../../dist/engines/onnxruntime/onnxruntime.js';
import { GraphBuilder } from '../../dist/tracing/graph.js';
import { serve } from './protocol.js';

const SIZE = 2048;
const graph = new GraphBuilder();
const [a, b] = [graph.input('a', 'float32', [SIZE, SIZE]), graph.input('b', 'float32', [SIZE, SIZE])];
graph.output('c', graph.node('MatMul', [a, b]), 'float32', [SIZE, SIZE]);
const session = await ort.InferenceSession.create(encodeModel(graph.finish()), {
  intraOpNumThreads: Number(process.argv[2]),
});
const matrix = () => new ort.Tensor('float32', new Float32Array(SIZE * SIZE).fill(0.5), [SIZE, SIZE]);
const feeds = { a: matrix(), b: matrix() };
const fetches = { c: matrix() };
await serve(() => session.run(feeds, fetches));
