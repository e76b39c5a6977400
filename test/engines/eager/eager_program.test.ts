import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { drawMasks } from '../../../src/model/masks.js';
import { livelyState, programs, randomBatch, trainStepOn } from '../../helpers/programs.js';
import { everyLayerPlan } from '../../helpers/small_plan.js';
import { eagerBackends } from '../../helpers/tensorflow.js';

const plan = everyLayerPlan({ optimizer: { type: 'adam' } });

describe.each(eagerBackends)('EagerProgram on %s', (name) => {
  it('owns one tensor for each parameter and slot, and disposes of them all', async () => {
    const state = livelyState(plan);
    (await programs[name](plan, state)).dispose();
    const before = tf.memory();
    const program = await programs[name](plan, state);
    expect(tf.memory().numTensors - before.numTensors).toBe(3 * state.parameters.size);
    program.dispose();
    expect(tf.memory().numTensors).toBe(before.numTensors);
    expect(tf.memory().numBytes).toBe(before.numBytes);
  });

  it('a state that was read stays as it was', async () => {
    const program = await programs[name](plan, livelyState(plan));
    const { parameters } = await program.state();
    const batch = randomBatch(plan, 2, 0);
    await trainStepOn(program, batch, drawMasks(plan, 0, 0, 2), { step: 1, learningRate: 0.1 });
    expect(parameters).toEqual(livelyState(plan).parameters);
    program.dispose();
  });
});
