import { describe, expect, it } from 'vitest';
import { frozenPrefix, prefixPlan, restPlan } from '../../src/config/frozen_prefix.js';
import { stateOf, withFrozen } from '../../src/model/frozen_part.js';
import { drawMasks } from '../../src/model/masks.js';
import type { Batch } from '../../src/model/program.js';
import { expectAllClose } from '../helpers/all_close.js';
import { allPrograms, extractors, livelyState, randomBatch, trainStepOn } from '../helpers/programs.js';
import { batchNormPlan, smallPlan } from '../helpers/small_plan.js';

const behindMap = batchNormPlan({
  parameter_groups: [{ match: ['bn0.*', 'conv1.*', 'bn1.*'], frozen: true }],
});
const behindPooling = smallPlan({
  layers: [
    { type: 'conv', name: 'conv1', filters: 6, kernel: 3, activation: 'relu' },
    { type: 'global_avg_pool' },
    { type: 'dropout', name: 'drop', rate: 0.5 },
    { type: 'linear', name: 'fc1', units: 8, activation: 'relu' },
    { type: 'linear', name: 'fc2', units: 'num_classes' },
  ],
  optimizer: { type: 'adamw', learning_rate: 0.1 },
  parameter_groups: [{ match: ['conv1.*'], frozen: true }],
});

describe.each(allPrograms)('training behind features on %s', (backend, open) => {
  it.each([
    ['feature maps', behindMap, 4],
    ['flat features', behindPooling, 2],
  ])('is training of the whole: %s', async (_, plan, layers) => {
    expect(frozenPrefix(plan).cached).toBe(layers);
    const state = livelyState(plan);
    const [first, rest] = [prefixPlan(plan, layers), restPlan(plan, layers)];
    const extractor = await extractors[backend as keyof typeof extractors](
      first,
      stateOf(first.network, state),
    );
    const whole = await open(plan, state);
    const program = withFrozen(await open(rest, stateOf(rest.network, state)), stateOf(first.network, state));
    const features = async (batch: Batch) => ({ ...batch, images: await extractor.extract(batch) });

    for (const [index, size] of [4, 4, 3].entries()) {
      const batch = randomBatch(plan, size, index);
      const masks = drawMasks(plan, 0, index * 4, size);
      const update = { step: index + 1, learningRate: 0.05 };
      const expected = await trainStepOn(whole, batch, masks, update);
      const metrics = await trainStepOn(program, await features(batch), masks, update);
      expectAllClose([metrics.loss], [expected.loss], { relative: 1e-5, absolute: 0 });
      expect(metrics.correct).toBe(expected.correct);
    }
    const [own, all] = [await program.state(), await whole.state()];
    for (const part of ['parameters', 'buffers'] as const) {
      expect([...own[part].keys()]).toEqual([...all[part].keys()]);
      for (const [name, { data }] of all[part])
        expectAllClose([...own[part].get(name)!.data].map(Number), [...data].map(Number), {
          relative: 1e-4,
          absolute: 1e-6,
        });
    }
    expect([...own.slots].map(([slot, tensors]) => [slot, [...tensors.keys()]])).toEqual(
      [...all.slots].map(([slot, tensors]) => [slot, [...tensors.keys()]]),
    );

    // What the whole model is evaluated with, as checkpoints have it.
    const batch = randomBatch(plan, 5, 100);
    const expected = await whole.evaluate(batch, state);
    const evaluated = await program.evaluate(await features(batch), state);
    expectAllClose(evaluated.logits, expected.logits, { relative: 1e-5, absolute: 1e-6 });
    extractor.dispose();
    whole.dispose();
    program.dispose();
  });
});
