import * as tf from '@tensorflow/tfjs';
import { expect, test } from 'vitest';
import { loadTfjs } from '../../src/backends/load_tfjs.js';
import { stepKernels } from '../../src/backends/step_kernels.js';
import { EagerProgram } from '../../src/engines/eager/eager_program.js';
import { drawMasks } from '../../src/model/masks.js';
import { initialState } from '../../src/model/state.js';
import { randomBatch, trainStepOn } from '../helpers/programs.js';
import { everyLayerPlan } from '../helpers/small_plan.js';

/** Kernels that a real step calls, as TensorFlow.js's profiler sees them. */
async function profiled(plan: ReturnType<typeof everyLayerPlan>): Promise<Set<string>> {
  const program = new EagerProgram(await loadTfjs('cpu'), plan, initialState(plan));
  const batch = randomBatch(plan, 2, 1);
  const { kernelNames } = await tf.profile(async () => {
    await trainStepOn(program, batch, drawMasks(plan, 1, 0, 2), { step: 1, learningRate: 0.1 });
    await program.evaluate(batch);
    return [];
  });
  program.dispose();
  // Beside kernels it counts compositions of them.
  return new Set(kernelNames.filter((name) => !name.endsWith('__op')));
}

test.each([
  [{ type: 'sgd', learning_rate: 0.1, momentum: 0.9 }, []],
  [{ type: 'adam', learning_rate: 0.1 }, ['Sqrt']],
])(
  'the kernels of training, update and evaluation are those that a real step calls: %j',
  async (optimizer, has) => {
    const plan = everyLayerPlan({ optimizer, input: { resize: 8 } });
    const names = await stepKernels(plan);
    expect(names).toEqual(names.toSorted());
    expect(names).toEqual(
      expect.arrayContaining(['FusedConv2D', 'Conv2DBackpropFilter', 'MaxPoolGrad', 'Softmax', ...has]),
    );
    expect(new Set(names)).toEqual(await profiled(plan));
  },
);
