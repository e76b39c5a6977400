import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { writeGraphModel } from '../../src/export/graph_model_files.js';
import { exportGraphModel, openGraphModel } from '../../src/export/tfjs.js';
import { expectAllClose } from '../helpers/all_close.js';
import { livelyState, programs, randomBatch } from '../helpers/programs.js';
import { everyLayerPlan, exportedPlans } from '../helpers/small_plan.js';
import { temporaryDirectory } from '../helpers/temporary_directory.js';

describe.each(exportedPlans)('%s', (_, changes) => {
  it('gives the probabilities of ONNX Runtime in batches of any size', async () => {
    const plan = everyLayerPlan(changes);
    const directory = temporaryDirectory();
    const graph = await exportGraphModel(plan, livelyState(plan));
    await writeGraphModel(directory, graph, { generatedBy: 'a test', userDefinedMetadata: {} });
    const program = await programs['onnxruntime-cpu'](plan, livelyState(plan));
    const model = await openGraphModel(directory, plan);
    for (const size of [1, 2, 7]) {
      const batch = randomBatch(plan, size, size);
      const { probabilities } = await program.evaluate(batch);
      expectAllClose(await model.probabilities(batch.images, size), probabilities);
    }
    await model.release();
    program.dispose();
  });
});

it('computes nothing of weights alone when it runs', async () => {
  const plan = everyLayerPlan({ input: { resize: 9 } });
  const { nodes, weights } = await exportGraphModel(plan, livelyState(plan));
  const constants = new Set(nodes.filter(({ op }) => op === 'Const').map(({ name }) => name));
  expect([...weights.keys()]).toEqual([...constants]);
  const idle = nodes.filter(({ input }) => input.length > 0 && input.every((name) => constants.has(name)));
  expect(idle).toEqual([]);
  const read = new Set(nodes.flatMap(({ input }) => input));
  expect([...constants].filter((name) => !read.has(name))).toEqual([]);
  expect([...constants].filter((name) => name.startsWith('aux.'))).toEqual([]);
});

it('leaves TensorFlow.js as it was', async () => {
  await tf.setBackend('cpu');
  const plan = everyLayerPlan();
  await exportGraphModel(plan, livelyState(plan));
  const before = tf.memory().numTensors;
  await exportGraphModel(plan, livelyState(plan));
  expect(tf.memory().numTensors).toBe(before);
  expect(tf.getBackend()).toBe('cpu');
});
