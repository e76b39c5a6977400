import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { crossEntropyOfEach } from '../../../src/registry/losses/cross_entropy.js';
import type { LossOptions } from '../../../src/registry/losses/index.js';
import { expectAllClose } from '../../helpers/all_close.js';
import { logSoftmax, lossSuite, target } from '../../helpers/loss_suite.js';
import { allRunners, type Input } from '../../helpers/runners.js';

const logits: Input = {
  shape: [4, 3],
  values: [0, 0, 0, 1, -2, 0.5, 100, -100, 0, -1000, 1000, 999],
};
const labels: Input = { shape: [4], values: [2, 0, 1, 2], type: 'int32' };
const softmax = (row: number[]) => {
  const weights = row.map((x) => Math.exp(x - Math.max(...row)));
  return weights.map((weight) => weight / weights.reduce((sum, each) => sum + each, 0));
};
const rows = [0, 1, 2, 3].map((row) => Array.from(logits.values).slice(row * 3, row * 3 + 3));

describe.each(allRunners)('cross-entropy of each image on %s', (_name, run) => {
  const perExample = (x: tf.Tensor, y: tf.Tensor) => crossEntropyOfEach(tf, x, y);

  it('−log softmax of the label, for each example', async () => {
    const [loss] = await run(([x, y]) => perExample(x!, y!), [logits, labels]);
    expect(loss!.shape).toEqual([4]);
    // log 3; log(1 + e^-3 + e^-0.5); 200; log(1 + e).
    const expected = [Math.log(3), Math.log(1 + Math.exp(-3) + Math.exp(-0.5)), 200, Math.log(1 + Math.E)];
    expectAllClose(loss!.values, expected);
  });

  it('its gradient is softmax − one-hot', async () => {
    const [gradient] = await run(([x, y]) => tf.grads((v) => perExample(v!, y!))([x!]), [logits, labels]);
    const expected = rows.flatMap((row, index) =>
      softmax(row).map((probability, label) => probability - Number(label === labels.values[index])),
    );
    expectAllClose(gradient!.values, expected);
  });
});

const options = (changes: object): LossOptions =>
  ({ type: 'cross_entropy', label_smoothing: 0, class_weights: null, ...changes }) as LossOptions;
const weights = [0.5, 2, 3.5];

/** As torch.nn.CrossEntropyLoss documents it: the weights of the labels divide. */
const reference =
  (smoothing: number, classWeights: readonly number[]) =>
  (outputs: readonly (readonly number[])[], classes: readonly number[]) => {
    const each = outputs.map((row, i) =>
      logSoftmax(row).reduce(
        (sum, log, k) => sum - target(classes[i]!, k, smoothing) * classWeights[k]! * log,
        0,
      ),
    );
    const divisor = classes.reduce((sum, label) => sum + classWeights[label]!, 0);
    return each.reduce((sum, x) => sum + x, 0) / divisor;
  };

lossSuite([
  [
    'plain',
    { options: options({}), reference: reference(0, [1, 1, 1]), torch: 'torch.nn.CrossEntropyLoss()(x, y)' },
  ],
  [
    'label smoothing',
    {
      options: options({ label_smoothing: 0.1 }),
      reference: reference(0.1, [1, 1, 1]),
      torch: 'torch.nn.CrossEntropyLoss(label_smoothing=0.1)(x, y)',
    },
  ],
  [
    'class weights',
    {
      options: options({ class_weights: weights }),
      classWeights: weights,
      reference: reference(0, weights),
      torch: 'torch.nn.CrossEntropyLoss(torch.tensor([0.5, 2, 3.5]).double())(x, y)',
    },
  ],
  [
    'both',
    {
      options: options({ class_weights: weights, label_smoothing: 0.2 }),
      classWeights: weights,
      reference: reference(0.2, weights),
      torch: 'torch.nn.CrossEntropyLoss(torch.tensor([0.5, 2, 3.5]).double(), label_smoothing=0.2)(x, y)',
    },
  ],
]);
