import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import type { Plan } from '../../src/config/resolve.js';
import { drawMasks } from '../../src/model/masks.js';
import { copyState, initialState, type ModelState } from '../../src/model/state.js';
import { expectAllClose } from '../helpers/all_close.js';
import {
  allPrograms,
  livelyState,
  programs,
  randomBatch,
  trainOn,
  trainStepOn,
} from '../helpers/programs.js';
import { BLOCKS, everyLayerPlan, fewLayersPlan, type SmallPlan, VOCABULARY } from '../helpers/small_plan.js';

const TOLERANCE = { relative: 1e-4, absolute: 1e-5 };

/** The last batch of an epoch is smaller. */
const SIZES = [3, 3, 1];

const momentum = { type: 'sgd', learning_rate: 0.1, momentum: 0.9, nesterov: true, weight_decay: 0.01 };
const optimizers: [string, Partial<SmallPlan>][] = [
  ['sgd without slots', { optimizer: { type: 'sgd' } }],
  ['adam', { optimizer: { type: 'adam', weight_decay: 0.01 } }],
  ['adamw', { optimizer: { type: 'adamw' } }],
  ['nadam', { optimizer: { type: 'nadam' } }],
  ['rmsprop', { optimizer: { type: 'rmsprop', variant: 'tensorflow', momentum: 0.9, epsilon: 1e-3 } }],
  ['adagrad', { optimizer: { type: 'adagrad', initial_accumulator: 0.1 } }],
  ['lamb', { optimizer: { type: 'lamb', weight_decay: 0.1 } }],
  ['muon', { optimizer: { type: 'muon', weight_decay: 0.1 } }],
  ['lion', { optimizer: { type: 'lion', weight_decay: 0.1 } }],
];
const mixing = { methods: [{ type: 'mixup' }] };
const smoothed = { type: 'cross_entropy', label_smoothing: 0.1, class_weights: [1, 2, 0.5, 1] };
const networks: [string, Partial<SmallPlan>][] = [
  ['every layer', { optimizer: momentum }],
  ['images resized', { optimizer: momentum, input: { resize: 9 } }],
  ['no head', { optimizer: momentum, auxiliary: [] }],
  ['the vocabulary of layers', VOCABULARY],
  ['blocks of known networks', BLOCKS],
];
const cases: [string, Plan][] = [
  ...networks.map(([name, changes]): [string, Plan] => [name, everyLayerPlan(changes)]),
  ['mixed images', fewLayersPlan({ mixing, loss: smoothed })],
  ...optimizers.map(([name, changes]): [string, Plan] => [name, fewLayersPlan(changes)]),
];

function expectSameState(actual: ModelState, expected: ModelState): void {
  expect([...actual.parameters.keys()]).toEqual([...expected.parameters.keys()]);
  expect([...actual.slots.keys()]).toEqual([...expected.slots.keys()]);
  const pairs = [
    [actual.parameters, expected.parameters] as const,
    ...[...expected.slots].map(([slot, tensors]) => [actual.slots.get(slot)!, tensors] as const),
  ];
  for (const [tensors, references] of pairs)
    for (const [name, { shape, data }] of references) {
      expect(tensors.get(name)!.shape, name).toEqual(shape);
      expectAllClose(tensors.get(name)!.data, data, TOLERANCE);
    }
}

describe.each(allPrograms)('%s', { timeout: 300_000 }, (_name, open) => {
  it.each(cases)('trains as cpu does: %s', async (_case, plan) => {
    const reference = await programs.cpu(plan, livelyState(plan));
    const expected = await trainOn(reference, plan, SIZES);
    const expectedEvaluation = await reference.evaluate(randomBatch(plan, 2, 100));
    reference.dispose();

    const program = await open(plan, livelyState(plan));
    const actual = await trainOn(program, plan, SIZES);
    for (const [index, metrics] of actual.metrics.entries()) {
      const { loss, mainLoss, auxLoss, correct } = expected.metrics[index]!;
      expectAllClose(
        [metrics.loss, metrics.mainLoss, ...Object.values(metrics.auxLoss)],
        [loss, mainLoss, ...Object.values(auxLoss)],
        TOLERANCE,
      );
      expect(Object.keys(metrics.auxLoss)).toEqual(Object.keys(auxLoss));
      expect(metrics.correct).toBe(correct);
    }
    expectSameState(actual.state, expected.state);
    const { losses, predicted, logits, probabilities } = await program.evaluate(randomBatch(plan, 2, 100));
    expectAllClose(losses, expectedEvaluation.losses, TOLERANCE);
    expect(predicted).toEqual(expectedEvaluation.predicted);
    expectAllClose(logits, expectedEvaluation.logits, TOLERANCE);
    expectAllClose(probabilities, expectedEvaluation.probabilities);
    program.dispose();
  });

  it('gradients are those that a step subtracts, and change nothing', async () => {
    const plan = fewLayersPlan({ optimizer: { type: 'sgd' } });
    const program = await open(plan, livelyState(plan));
    const batch = randomBatch(plan, 3, 0);
    const masks = drawMasks(plan, 0, 0, 3);
    await program.backward(batch, masks);
    const gradients = new Map(
      [...(await program.gradients())].map(([name, { data }]) => [name, data.slice()]),
    );
    expectSameState(await program.state(), livelyState(plan));
    await trainStepOn(program, batch, masks, { step: 1, learningRate: 1 });
    const { parameters } = await program.state();
    const before = livelyState(plan).parameters;
    expect([...gradients.keys()]).toEqual([...before.keys()]);
    for (const [name, gradient] of gradients) {
      const step = before.get(name)!.data.map((x, i) => x - parameters.get(name)!.data[i]!);
      expectAllClose(gradient, step, { relative: 1e-4, absolute: 1e-6 });
    }
    expect(gradients.get([...gradients.keys()][0]!)!.some((x) => Math.abs(x) > 1e-4)).toBe(true);
    program.dispose();
  });

  it('gradients are there until the next backward pass, also after the update', async () => {
    const plan = fewLayersPlan({ optimizer: { type: 'sgd' } });
    const program = await open(plan, livelyState(plan));
    const [masks, other] = [drawMasks(plan, 0, 0, 3), drawMasks(plan, 0, 0, 2)];
    const read = async () =>
      new Map([...(await program.gradients())].map(([name, { data }]) => [name, data.slice()]));
    await program.backward(randomBatch(plan, 3, 0), masks);
    const before = await read();
    await program.update({ step: 1, learningRate: 0.1 });
    await program.evaluate(randomBatch(plan, 2, 5));
    expect(await read()).toEqual(before);
    await program.backward(randomBatch(plan, 2, 1), other);
    expect(await read()).not.toEqual(before);
    program.dispose();
  });

  it('the masks decide what is dropped', async () => {
    const plan = fewLayersPlan();
    const batch = randomBatch(plan, 3, 0);
    const update = { step: 1, learningRate: 0 };
    const program = await open(plan, livelyState(plan));
    const lossWith = async (epoch: number) =>
      (await trainStepOn(program, batch, drawMasks(plan, epoch, 0, 3), update)).mainLoss;
    const first = await lossWith(0);
    expect(await lossWith(1)).not.toBeCloseTo(first, 4);
    expect(await lossWith(0)).toBeCloseTo(first, 6);
    program.dispose();
  });

  it('evaluation reads no head and drops nothing', async () => {
    const plan = fewLayersPlan();
    const program = await open(plan, livelyState(plan));
    const batch = randomBatch(plan, 3, 0);
    const before = await program.evaluate(batch);
    const changed = livelyState(plan);
    for (const [parameter, { data }] of changed.parameters)
      if (parameter.startsWith('aux.')) data.fill(Number.NaN);
    expect(await program.evaluate(batch, changed)).toEqual(before);
    program.dispose();
  });

  it('evaluates every image by itself', async () => {
    const plan = fewLayersPlan();
    const program = await open(plan, livelyState(plan));
    const batch = randomBatch(plan, 3, 0);
    const together = await program.evaluate(batch);
    const each = batch.images.length / batch.size;
    for (let index = 0; index < batch.size; index++) {
      const { losses, predicted } = await program.evaluate({
        size: 1,
        images: batch.images.slice(index * each, (index + 1) * each),
        labels: batch.labels.slice(index, index + 1),
      });
      expectAllClose(losses, [together.losses[index]!]);
      expect(predicted[0]).toBe(together.predicted[index]);
    }
    program.dispose();
  });

  it('evaluates other weights, and keeps its own', async () => {
    const plan = fewLayersPlan();
    const program = await open(plan, livelyState(plan));
    const batch = randomBatch(plan, 3, 0);
    const own = await program.evaluate(batch);
    const other = initialState(plan);
    const reference = await open(plan, other);
    const expected = await reference.evaluate(batch);
    reference.dispose();
    for (let round = 0; round < 2; round++) expect(await program.evaluate(batch, other)).toEqual(expected);
    expect(expected).not.toEqual(own);
    expect(await program.evaluate(batch)).toEqual(own);
    program.dispose();
  });

  it('goes on from a given state as from its own, to the bit', async () => {
    const plan = fewLayersPlan({ optimizer: { type: 'adam' } });
    const program = await open(plan, livelyState(plan));
    await trainOn(program, plan, [3]);
    const middle = copyState(await program.state());
    const onwards = await trainOn(program, plan, [2, 2]);
    const expected = { metrics: onwards.metrics, state: copyState(onwards.state) };
    program.dispose();
    const other = await open(plan, middle);
    expect(await trainOn(other, plan, [2, 2])).toEqual(expected);
    other.dispose();
  });

  it('shares no memory with a state that it was given', async () => {
    const plan = fewLayersPlan({ optimizer: { type: 'adam' } });
    const given = livelyState(plan);
    const opened = await open(plan, given);
    await trainOn(opened, plan, [2]);
    expect(given).toEqual(livelyState(plan));
    opened.dispose();

    const program = await open(plan, given);
    for (const { data } of given.parameters.values()) data.fill(Number.NaN);
    expectSameState(await program.state(), livelyState(plan));
    program.dispose();
  });

  it('prepares without a trace in the state', async () => {
    const plan = fewLayersPlan();
    const program = await open(plan, livelyState(plan));
    await Promise.all([program.prepare(2), program.prepare(3)]);
    expectSameState(await program.state(), livelyState(plan));
    program.dispose();
  });

  it('memory is flat: compile, 40 times train, evaluate and read the state, then dispose', async () => {
    const plan = fewLayersPlan({ optimizer: { type: 'adam' } });
    // What a backend keeps for itself, it keeps from its first use.
    (await open(plan, livelyState(plan))).dispose();
    const empty = tf.memory().numTensors;
    const program = await open(plan, livelyState(plan));
    const batches = [randomBatch(plan, 2, 0), randomBatch(plan, 1, 1)];
    // From the first step on there are gradients, too.
    await trainStepOn(program, batches[0]!, drawMasks(plan, 0, 0, 2), { step: 1, learningRate: 0 });
    const owned = tf.memory().numTensors;
    for (let step = 1; step <= 40; step++) {
      const batch = batches[step % 2]!;
      await trainStepOn(program, batch, drawMasks(plan, 0, 0, batch.size), { step, learningRate: 1e-3 });
      await program.evaluate(batch);
      await program.backward(batch, drawMasks(plan, 0, 0, batch.size));
      await program.gradients();
      await program.update({ step, learningRate: 0 });
      await program.state();
      if (tf.memory().numTensors !== owned)
        expect.fail(`step ${step}: ${tf.memory().numTensors} tensors, not ${owned}`);
    }
    expect(tf.memory().numTensors).toBe(owned);
    program.dispose();
    expect(tf.memory().numTensors).toBe(empty);
  });
});
