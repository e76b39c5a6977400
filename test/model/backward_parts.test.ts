import { describe, expect, it } from 'vitest';
import { backwardParts } from '../../src/model/backward_parts.js';
import { drawMasks } from '../../src/model/masks.js';
import type { Batch } from '../../src/model/program.js';
import { expectAllClose } from '../helpers/all_close.js';
import { allPrograms, livelyState, randomBatch } from '../helpers/programs.js';
import { smallPlan } from '../helpers/small_plan.js';

const plan = smallPlan({
  layers: [
    { type: 'conv', name: 'conv', filters: 3, kernel: 3 },
    { type: 'batch_norm', name: 'bn', momentum: null },
    { type: 'dropout', name: 'drop', rate: 0.5 },
    { type: 'global_avg_pool' },
    { type: 'linear', name: 'fc', units: 'num_classes' },
  ],
  training: { batch_size: 4, accumulate: 2 },
});
/** The last, short update of an epoch: parts of 2 and 1 images. */
const batch = randomBatch(plan, 3, 1);
const pixels = batch.images.length / 3;
const images = (from: number, to: number): Batch => ({
  size: to - from,
  images: batch.images.slice(from * pixels, to * pixels),
  labels: batch.labels.slice(from, to),
});
const masksOf = (first: number, size: number) => drawMasks(plan, 0, first, size);

describe.each(allPrograms)('a program on %s', (_, open) => {
  it('sums the gradients of the parts by their images; batch norms go from one to the next', async () => {
    // By hand: the second part begins with the buffers that the first one leaves, and the parameters of before.
    const state = livelyState(plan);
    const first = await open(plan, state);
    const metrics = [await first.backward(images(0, 2), masksOf(0, 2))];
    const gradients = [await copied(first.gradients())];
    await first.update({ step: 1, learningRate: 0 });
    const between = (await first.state()).buffers;
    const second = await open(plan, { ...state, buffers: new Map(between) });
    metrics.push(await second.backward(images(2, 3), masksOf(2, 1)));
    gradients.push(await copied(second.gradients()));
    await second.update({ step: 1, learningRate: 0 });
    const { buffers } = await second.state();

    const program = await open(plan, state);
    const got = await backwardParts(program, plan, batch, masksOf);
    expectAllClose(
      [got.loss, got.correct],
      [(2 * metrics[0]!.loss + metrics[1]!.loss) / 3, metrics[0]!.correct + metrics[1]!.correct],
    );
    for (const [name, { data }] of await program.gradients()) {
      const [a, b] = gradients.map((of) => of.get(name)!);
      const expected = a!.map((value, i) => (2 * value + b![i]!) / 3);
      expectAllClose(data, expected, { absolute: 1e-6 });
    }
    // Until the update, the state is what it was.
    expect((await program.state()).buffers.get('bn.num_batches_tracked')!.data).toEqual(BigInt64Array.of(0n));
    await program.update({ step: 1, learningRate: 0 });
    const after = (await program.state()).buffers;
    expect(after.get('bn.num_batches_tracked')!.data).toEqual(BigInt64Array.of(2n));
    for (const name of ['bn.running_mean', 'bn.running_var'])
      expectAllClose(after.get(name)!.data as Float32Array, buffers.get(name)!.data as Float32Array);
    for (const each of [first, second, program]) each.dispose();
  });
});

async function copied(gradients: Promise<ReadonlyMap<string, { data: Float32Array }>>) {
  return new Map([...(await gradients)].map(([name, { data }]) => [name, [...data]]));
}
