import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { type LossOptions, lossEntry } from '../../../src/registry/losses/index.js';
import { expectAllClose } from '../../helpers/all_close.js';
import { logSoftmax } from '../../helpers/loss_suite.js';
import { runPython, whyNoPython } from '../../helpers/python.js';
import { allRunners } from '../../helpers/runners.js';

const LOGITS = [
  [1.5, -0.5, 0.25],
  [-2, 0.75, 1],
  [0.1, 0.2, -3],
];
const TARGETS = [
  [0.7, 0.3, 0],
  [0, 0.45, 0.55],
  [0, 1, 0],
];
const WEIGHTS = [1, 2.5, 0.5];

/** The mean over images of −Σ w · ((1 − ε) t + ε / K) · log p. */
const entropy = (smoothing: number, weights: readonly number[]) => (logits: readonly (readonly number[])[]) =>
  logits
    .map((row, i) => {
      const t = TARGETS[i]!.map((share) => (1 - smoothing) * share + smoothing / 3);
      return -logSoftmax(row).reduce((sum, log, k) => sum + weights[k]! * t[k]! * log, 0);
    })
    .reduce((sum, x) => sum + x, 0) / logits.length;
const binary = (smoothing: number) => (logits: readonly (readonly number[])[]) =>
  logits
    .flatMap((row, i) =>
      row.map((x, k) => {
        const t = (1 - smoothing) * TARGETS[i]![k]! + smoothing / 3;
        return t * Math.log1p(Math.exp(-x)) + (1 - t) * Math.log1p(Math.exp(x));
      }),
    )
    .reduce((sum, x) => sum + x, 0) /
  (3 * logits.length);

const cross = { type: 'cross_entropy', class_weights: null } as const;
const CE = 'torch.nn.functional.cross_entropy(x, t';
const cases: [LossOptions, number[] | null, ReturnType<typeof entropy>, string][] = [
  [{ ...cross, label_smoothing: 0 }, null, entropy(0, [1, 1, 1]), `${CE})`],
  [{ ...cross, label_smoothing: 0.1 }, null, entropy(0.1, [1, 1, 1]), `${CE}, label_smoothing=0.1)`],
  [{ ...cross, label_smoothing: 0.1 }, WEIGHTS, entropy(0.1, WEIGHTS), `${CE}, w, label_smoothing=0.1)`],
  [
    { type: 'binary_cross_entropy', label_smoothing: 0.2 },
    null,
    binary(0.2),
    'torch.nn.functional.binary_cross_entropy_with_logits(x, 0.8 * t + 0.2 / 3)',
  ],
];

describe.each(cases)('%j, weights %j', (options, classWeights, reference) => {
  it.each(allRunners)('value and gradient on %s', async (_runner, run) => {
    const ofBatch = (x: tf.Tensor, labels: tf.Tensor, targets: tf.Tensor) =>
      lossEntry(options.type).ofBatch(tf, options, { logits: x, labels, targets, classWeights });
    const [loss, gradient] = await run(
      ([x, y, t]) => [ofBatch(x!, y!, t!), tf.grads((v) => ofBatch(v!, y!, t!))([x!])[0]!],
      [
        { shape: [3, 3], values: LOGITS.flat() },
        { shape: [3], values: [0, 2, 1], type: 'int32' },
        { shape: [3, 3], values: TARGETS.flat() },
      ],
    );
    expectAllClose(loss!.values, [reference(LOGITS)]);
    const moved = (i: number, k: number, by: number) =>
      reference(LOGITS.map((row, j) => row.map((x, l) => (i === j && k === l ? x + by : x))));
    const h = 1e-5;
    const differences = LOGITS.flatMap((row, i) =>
      row.map((_, k) => (moved(i, k, h) - moved(i, k, -h)) / (2 * h)),
    );
    expectAllClose(gradient!.values, differences, { relative: 1e-5, absolute: 1e-6 });
  });
});

it('as torch computes them', { timeout: 300_000 }, ({ skip }) => {
  const why = whyNoPython('torch');
  if (why) skip(why);
  const script = `
import json, sys, torch
x, t, w = (torch.tensor(each, dtype=torch.float64) for each in json.loads(sys.argv[1]))
print(json.dumps([each.item() for each in [${cases.map(([, , , torch]) => torch).join(', ')}]]))`;
  const theirs = runPython(script, JSON.stringify([LOGITS, TARGETS, WEIGHTS])) as number[];
  expectAllClose(
    theirs,
    cases.map(([, , reference]) => reference(LOGITS)),
    { relative: 1e-9 },
  );
});

it('a focal loss takes none', () => expect(lossEntry('focal').softTargets).toBe(false));
