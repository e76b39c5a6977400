import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { forward } from '../../src/model/forward.js';
import { drawMasks } from '../../src/model/masks.js';
import { preprocess } from '../../src/model/preprocess.js';
import { initialState } from '../../src/model/state.js';
import { maskShapes } from '../../src/model/state_specs.js';
import { evaluationStep, readMetrics, type TrainStep, trainStep } from '../../src/model/step.js';
import { expectAllClose } from '../helpers/all_close.js';
import { TestRandom } from '../helpers/random.js';
import { everyLayerPlan } from '../helpers/small_plan.js';

const plan = everyLayerPlan();
const BATCH = 3;
const LABELS = [2, 0, 3];

beforeAll(() => tf.setBackend('cpu'));

function tensors() {
  const parameters = new Map(
    [...initialState(plan).parameters].map(([name, { data, shape }]) => [name, tf.tensor(data, [...shape])]),
  );
  const pixels = new TestRandom(52).integers([BATCH, 3, 6, 5], 0, 255);
  const masks = new Map(
    [...drawMasks(plan, 0, 0, BATCH)].map(([name, mask]) => [
      name,
      tf.tensor(Int32Array.from(mask), [...maskShapes(plan.network, BATCH).get(name)!], 'int32'),
    ]),
  );
  const images = tf.tensor(Int32Array.from(pixels.values), [BATCH, 3, 6, 5], 'int32');
  return {
    model: { parameters, buffers: new Map<string, tf.Tensor>() },
    batch: { images, labels: tf.tensor1d(LABELS, 'int32'), masks },
  };
}

/** Cross-entropy of each row with the labels, and how many rows have their maximum there. */
function reference(logits: tf.Tensor) {
  const rows = logits.arraySync() as number[][];
  const each = rows.map((row, index) => {
    const label = row[LABELS[index]!]!;
    const logSum = Math.log(row.reduce((sum, x) => sum + Math.exp(x), 0));
    const probabilities = row.map((x) => Math.exp(x - logSum));
    return { loss: logSum - label, predicted: row.indexOf(Math.max(...row)), probabilities };
  });
  return {
    losses: each.map(({ loss }) => loss),
    predicted: each.map(({ predicted }) => predicted),
    probabilities: each.flatMap(({ probabilities }) => probabilities),
    mean: each.reduce((sum, { loss }) => sum + loss, 0) / each.length,
    correct: each.filter(({ predicted }, index) => predicted === LABELS[index]).length,
  };
}

describe('trainStep', () => {
  it('metrics: mean losses, the total with the weights of the heads, correct images of the main output', () => {
    tf.tidy(() => {
      const { model, batch } = tensors();
      const { metrics } = trainStep(tf, plan, model, batch);
      const read = readMetrics(plan, metrics.dataSync());
      metrics.dispose();
      const images = preprocess(tf, batch.images, plan.config.input, plan.dataset.image);
      const logits = forward(tf, plan.network, images, {
        training: true,
        tensors: model.parameters,
        frozen: new Set(),
        masks: batch.masks,
      });
      const main = reference(logits.main);
      const head = reference(logits.auxiliary[0]!);
      expect(Object.keys(read)).toEqual(['loss', 'mainLoss', 'auxLoss', 'correct']);
      expectAllClose(
        [read.loss, read.mainLoss, read.auxLoss.aux!, read.correct],
        [main.mean + 0.4 * head.mean, main.mean, head.mean, main.correct],
      );
    });
  });

  it('gradients: the change of the loss along them, parameter by parameter', () => {
    tf.tidy(() => {
      const { model, batch } = tensors();
      const { metrics, gradients } = trainStep(tf, plan, model, batch);
      metrics.dispose();
      const lossAt = (name: string, value: tf.Tensor): number =>
        tf.tidy(() => {
          const step = trainStep(
            tf,
            plan,
            { ...model, parameters: new Map(model.parameters).set(name, value) },
            batch,
          );
          const loss = step.metrics.dataSync()[0]!;
          step.metrics.dispose();
          return loss;
        });
      expect([...gradients.keys()]).toEqual([...model.parameters.keys()]);
      for (const [name, parameter] of model.parameters) {
        const gradient = gradients.get(name)!;
        expect(gradient.shape, name).toEqual(parameter.shape);
        const length = tf.norm(gradient).dataSync()[0]!;
        expect(length, name).toBeGreaterThan(1e-6);
        // A step of 0.01 in the gradient's direction: far enough for float32, near enough for a straight line.
        const step = tf.mul(gradient, 0.005 / length);
        const change = lossAt(name, tf.add(parameter, step)) - lossAt(name, tf.sub(parameter, step));
        expectAllClose([change / 0.01], [length], { relative: 0.02, absolute: 1e-4 });
      }
    });
  });

  it('keeps nothing but metrics and gradients', () => {
    const { model, batch } = tensors();
    const before = tf.memory().numTensors;
    let step: TrainStep | undefined;
    tf.tidy(() => {
      step = trainStep(tf, plan, model, batch);
      for (const gradient of step.gradients.values()) tf.keep(gradient);
    });
    const { metrics, gradients } = step!;
    expect(tf.memory().numTensors).toBe(before + 1 + gradients.size);
    tf.dispose([
      metrics,
      ...gradients.values(),
      ...model.parameters.values(),
      batch.images,
      batch.labels,
      ...batch.masks.values(),
    ]);
  });
});

describe('evaluationStep', () => {
  it('loss, class and probabilities of each image, without dropout', () => {
    tf.tidy(() => {
      const { model, batch } = tensors();
      const evaluationBatch = { ...batch, masks: new Map() };
      const { losses, predicted, probabilities } = evaluationStep(tf, plan, model, evaluationBatch);
      const images = preprocess(tf, batch.images, plan.config.input, plan.dataset.image);
      const { main } = forward(tf, plan.network, images, {
        training: false,
        tensors: model.parameters,
        frozen: new Set(),
        masks: new Map(),
      });
      const expected = reference(main);
      expectAllClose(losses.dataSync(), expected.losses);
      expect(Array.from(predicted.dataSync())).toEqual(expected.predicted);
      expectAllClose(probabilities.dataSync(), expected.probabilities);
    });
  });
});

it('readMetrics names the heads in order', () => {
  const [head] = plan.network.auxiliary;
  const two = { ...plan, network: { ...plan.network, auxiliary: [head!, { ...head!, name: 'second' }] } };
  expect(readMetrics(two, [1, 2, 3, 4, 5])).toEqual({
    loss: 1,
    mainLoss: 2,
    auxLoss: { aux: 3, second: 4 },
    correct: 5,
  });
});
