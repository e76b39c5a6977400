import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { type LossOptions, lossEntry } from '../../src/registry/losses/index.js';
import { expectAllClose } from './all_close.js';
import { runPython, whyNoPython } from './python.js';
import { allRunners, type Input } from './runners.js';

/** Outputs of four images for three classes, large ones among them; the smaller last batch of an epoch is one image. */
const LOGITS = [
  [0, 0.5, -0.25],
  [1, -2, 0.5],
  [12, -9, 0.125],
  [-30, 20, 19],
];
const LABELS = [2, 0, 1, 2];

export interface LossCase {
  readonly options: LossOptions;
  readonly classWeights?: readonly number[];
  /** The loss of a batch in float64. */
  readonly reference: (logits: readonly (readonly number[])[], labels: readonly number[]) => number;
  /** The same as a Python expression of x, y (class numbers), onehot, torch, torchvision. */
  readonly torch: string;
}

/** The logarithm of the softmax of a row. */
export function logSoftmax(row: readonly number[]): number[] {
  const largest = Math.max(...row);
  const log = largest + Math.log(row.reduce((sum, x) => sum + Math.exp(x - largest), 0));
  return row.map((x) => x - log);
}

/** (1 − ε)δ + ε / 3. */
export const target = (label: number, k: number, smoothing: number): number =>
  (label === k ? 1 - smoothing : 0) + smoothing / 3;

/** The mean over images and classes of a function of an output and its target, 1 for the label's class. */
export const meanOfOutputs =
  (of: (x: number, t: number) => number, smoothing = 0): LossCase['reference'] =>
  (logits, labels) => {
    const all = logits.flatMap((row, i) => row.map((x, k) => of(x, target(labels[i]!, k, smoothing))));
    return all.reduce((sum, x) => sum + x, 0) / all.length;
  };

/** Value and gradient of a loss on every runner against float64 and its differences, and against PyTorch. */
export function lossSuite(cases: readonly (readonly [string, LossCase])[]): void {
  describe.each(cases)('%s', (_name, { options, classWeights = null, reference }) => {
    const ofBatch = (x: tf.Tensor, y: tf.Tensor) =>
      lossEntry(options.type).ofBatch(tf, options, { logits: x, labels: y, classWeights });

    describe.each([4, 1])('%d images', (size) => {
      const logits = LOGITS.slice(0, size);
      const labels = LABELS.slice(0, size);
      const inputs: Input[] = [
        { shape: [size, 3], values: logits.flat() },
        { shape: [size], values: labels, type: 'int32' },
      ];

      it.each(allRunners)('value and gradient on %s', async (_runner, run) => {
        const [loss, gradient] = await run(
          ([x, y]) => [ofBatch(x!, y!), tf.grads((v) => ofBatch(v!, y!))([x!])[0]!],
          inputs,
        );
        expect(loss!.shape).toEqual([]);
        expectAllClose(loss!.values, [reference(logits, labels)]);
        const h = 1e-5;
        const moved = (i: number, k: number, by: number) =>
          reference(
            logits.map((row, j) => row.map((x, l) => (i === j && k === l ? x + by : x))),
            labels,
          );
        const differences = logits.flatMap((row, i) =>
          row.map((_, k) => (moved(i, k, h) - moved(i, k, -h)) / (2 * h)),
        );
        expectAllClose(gradient!.values, differences, { relative: 1e-5, absolute: 1e-6 });
      });
    });
  });

  // One start of Python for all cases: it takes longer than the rest.
  it('as PyTorch computes them', { timeout: 300_000 }, ({ skip }) => {
    const why = whyNoPython('torch', 'torchvision');
    if (why) skip(why);
    const script = `
import json, sys, torch, torchvision
rows, labels = json.loads(sys.argv[1])
def losses(size):
    x, y = torch.tensor(rows[:size], dtype=torch.float64), torch.tensor(labels[:size])
    onehot = torch.nn.functional.one_hot(y, 3).double()
    return [each.item() for each in [${cases.map(([, { torch }]) => torch).join(', ')}]]
print(json.dumps(losses(4) + losses(1)))`;
    const expected = [4, 1].flatMap((size) =>
      cases.map(([, { reference }]) => reference(LOGITS.slice(0, size), LABELS.slice(0, size))),
    );
    const actual = runPython(script, JSON.stringify([LOGITS, LABELS])) as number[];
    expectAllClose(actual, expected, { relative: 1e-9 });
  });
}
