// @ts-check
// gnet's input pipeline: batches from records, then resize and normalize as training does.
// node bench/contenders/preprocess.js RESIZE BATCH THREADS

import * as tf from '@tensorflow/tfjs';
import { loadPlan } from '../../dist/config/load_plan.js';
import { allocateBatch, batchAt, epochOrder } from '../../dist/data/batches.js';
import { loadRecords } from '../../dist/data/open.js';
import { OnnxRuntimeEngine } from '../../dist/engines/onnxruntime/engine.js';
import { preprocess } from '../../dist/model/preprocess.js';
import { datasets } from '../../dist/registry/datasets/index.js';
import { customOperations } from '../../dist/tracing/kernels/index.js';
import { input, output, traceGraph } from '../../dist/tracing/trace_graph.js';
import { serve } from './protocol.js';

const [resize = '', batchText = '', threads = ''] = process.argv.slice(2);
const batchSize = Number(batchText);
const { plan } = await loadPlan('configs/googlenet-cifar10.yaml', [
  'dataset={type: shapes, validation: test, limit: {train: 1024, test: 1}}',
  `input.resize=${resize}`,
]);
const { image } = plan.dataset;
const shape = [batchSize, image.channels, image.height, image.width];
const { graph } = await traceGraph(customOperations, (trace) => {
  const images = input(trace, 'images', 'uint8', shape);
  // As the first convolution reads it. One pixel for the caller: a copy of all would be measured with it.
  const x = preprocess(tf, images, plan.config.input, image);
  output(trace, 'pixel', tf.slice(x, [0, 0, 0, 0], [1, 1, 1, 1]));
});
const engine = new OnnxRuntimeEngine({
  executionProviders: ['cpu'],
  threads: Number(threads),
  device: false,
});
const executable = await engine.open(graph);
const { train: records } = await loadRecords(datasets.shapes, plan.config.dataset, 0);
const order = epochOrder(0, 1, records.count, true);
const buffer = allocateBatch(image, batchSize);
let step = 0;
await serve(async () => {
  const batch = batchAt(
    { records, order, batchSize, augment: [] },
    step++ % (records.count / batchSize),
    buffer,
  );
  await executable.run(new Map([['images', { type: 'uint8', shape, data: batch.images }]]));
});
