import { describe, expect, it } from 'vitest';
import type { Batch, Program } from '../../src/model/program.js';
import { copyState, type ModelState } from '../../src/model/state.js';
import { bufferSpecs } from '../../src/model/state_specs.js';
import { isCounter } from '../../src/storage/safetensors.js';
import { expectAllClose } from '../helpers/all_close.js';
import { allPrograms, livelyState, programs, randomBatch, trainOn } from '../helpers/programs.js';
import { batchNormPlan } from '../helpers/small_plan.js';

const TOLERANCE = { relative: 1e-4, absolute: 1e-5 };
const SIZES = [4, 4, 3];
const NORMS = ['bn0', 'bn1', 'block.bn', 'block.bn_down', 'bn2'];

const backward = (program: Program, batch: Batch) => program.backward(batch, new Map());
const stateOf = async (program: Program) => copyState(await program.state());
const numbers = (state: ModelState, name: string) => Array.from(state.buffers.get(name)!.data, Number);

/** Of each channel of the images as bn0 sees them: mean, and the variance without bias. */
function statistics({ images, size }: Batch): { mean: number[]; variance: number[] } {
  const pixels = images.length / size / 3;
  const channels = [0, 1, 2].map((channel) =>
    Array.from(images, (value) => (value / 255 - 0.5) / 0.5).filter(
      (_, index) => Math.floor(index / pixels) % 3 === channel,
    ),
  );
  const mean = channels.map((values) => values.reduce((sum, x) => sum + x, 0) / values.length);
  const variance = channels.map(
    (values, c) => values.reduce((sum, x) => sum + (x - mean[c]!) ** 2, 0) / (values.length - 1),
  );
  return { mean, variance };
}

describe.each(allPrograms)('batch norms on %s', { timeout: 300_000 }, (_name, open) => {
  it('train as on cpu: parameters and running statistics', async () => {
    const plan = batchNormPlan();
    const reference = await programs.cpu(plan, livelyState(plan));
    const expected = await trainOn(reference, plan, SIZES);
    const program = await open(plan, livelyState(plan));
    const actual = await trainOn(program, plan, SIZES);
    expectAllClose(
      actual.metrics.map(({ loss }) => loss),
      expected.metrics.map(({ loss }) => loss),
      TOLERANCE,
    );
    for (const [name, { data }] of expected.state.parameters)
      expectAllClose(actual.state.parameters.get(name)!.data, data, { relative: 1e-3, absolute: 1e-4 });
    expect([...actual.state.buffers.keys()]).toEqual([...bufferSpecs(plan.network).keys()]);
    for (const name of expected.state.buffers.keys())
      expectAllClose(numbers(actual.state, name), numbers(expected.state, name), TOLERANCE);
    const batch = randomBatch(plan, 3, 50);
    expectAllClose((await program.evaluate(batch)).logits, (await reference.evaluate(batch)).logits, {
      relative: 1e-3,
      absolute: 1e-3,
    });
    for (const each of [program, reference]) each.dispose();
  });

  it('a backward pass leaves buffers as they are, an update moves them', async () => {
    const plan = batchNormPlan();
    const program = await open(plan, livelyState(plan));
    const [first, second] = [randomBatch(plan, 4, 1), randomBatch(plan, 3, 2)];
    const before = await program.evaluate(first);
    await backward(program, second);
    await backward(program, first);
    expect(await program.state()).toEqual(livelyState(plan));
    expect(await program.evaluate(first)).toEqual(before);

    await program.update({ step: 1, learningRate: 0.1 });
    const state = await stateOf(program);
    const { mean, variance } = statistics(first);
    expectAllClose(
      numbers(state, 'bn0.running_mean'),
      mean.map((x) => 0.1 * x),
    );
    expectAllClose(
      numbers(state, 'bn0.running_var'),
      variance.map((x) => 0.9 + 0.1 * x),
    );
    await backward(program, second);
    await program.update({ step: 2, learningRate: 0.1 });
    const [next, moved] = [await program.state(), statistics(second)];
    expectAllClose(
      numbers(next, 'bn0.running_mean'),
      moved.mean.map((x, c) => 0.09 * mean[c]! + 0.1 * x),
    );
    for (const name of NORMS) {
      const counter = next.buffers.get(`${name}.num_batches_tracked`)!;
      expect(isCounter(counter)).toBe(true);
      expect(counter).toEqual({ shape: [], data: BigInt64Array.of(2n) });
    }
    program.dispose();
  });

  it('an evaluation reads the running statistics', async () => {
    const plan = batchNormPlan();
    const program = await open(plan, livelyState(plan));
    const batch = randomBatch(plan, 4, 1);
    const before = await program.evaluate(batch);
    await backward(program, batch);
    await program.update({ step: 1, learningRate: 0 });
    expect((await program.evaluate(batch)).logits).not.toEqual(before.logits);
    program.dispose();
  });

  it('frozen as a whole they evaluate in training too, and do not drift', async () => {
    const parameter_groups = [{ match: ['norm'], frozen: true }];
    const layers = batchNormPlan().config.model.layers.filter(({ name }) => name !== 'bn2');
    const plan = batchNormPlan({ layers, parameter_groups });
    const program = await open(plan, livelyState(plan));
    const batch = randomBatch(plan, 4, 1);
    const { losses } = await program.evaluate(batch);
    const { loss } = await backward(program, batch);
    expectAllClose([loss], [losses.reduce((sum, each) => sum + each, 0) / 4]);
    const { state } = await trainOn(program, plan, SIZES);
    const before = livelyState(plan);
    expect(state.buffers).toEqual(before.buffers);
    for (const [name, tensor] of before.parameters) {
      const isNorm = name.includes('bn');
      expect(plan.frozen.has(name), name).toBe(isNorm);
      if (isNorm) expect(state.parameters.get(name), name).toEqual(tensor);
      else expect(state.parameters.get(name)!.data, name).not.toEqual(tensor.data);
    }
    program.dispose();
  });

  it('frozen in part they normalize by the batch', async () => {
    const parameter_groups = [{ match: ['block.bn*.weight'], frozen: true }];
    const plan = batchNormPlan({ parameter_groups });
    const program = await open(plan, livelyState(plan));
    const { state } = await trainOn(program, plan, SIZES);
    const before = livelyState(plan);
    expect(state.parameters.get('block.bn.weight')).toEqual(before.parameters.get('block.bn.weight'));
    expect(state.parameters.get('block.bn.bias')).not.toEqual(before.parameters.get('block.bn.bias'));
    expect(numbers(state, 'block.bn.num_batches_tracked')).toEqual([SIZES.length]);
    program.dispose();
  });

  it('go on from a given state as from their own, to the bit', async () => {
    const plan = batchNormPlan({ optimizer: { type: 'adam' } });
    const program = await open(plan, livelyState(plan));
    await trainOn(program, plan, [3]);
    const middle = await stateOf(program);
    const onwards = await trainOn(program, plan, [2, 2]);
    const expected = { metrics: onwards.metrics, state: copyState(onwards.state) };
    program.dispose();
    const other = await open(plan, middle);
    expect(await trainOn(other, plan, [2, 2])).toEqual(expected);
    expect(expected.state.buffers.get('bn1.num_batches_tracked')!.data).toEqual(BigInt64Array.of(3n));
    other.dispose();
  });
});
