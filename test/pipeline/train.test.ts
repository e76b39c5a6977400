import { beforeAll, describe, expect, test } from 'vitest';
import type { Plan } from '../../src/config/resolve.js';
import type { Splits } from '../../src/data/open.js';
import { Interrupted, UserError } from '../../src/errors.js';
import type { MetricsLine } from '../../src/logging/metrics_log.js';
import { learningRate } from '../../src/model/learning_rate.js';
import { drawMasks } from '../../src/model/masks.js';
import type { Batch, Masks, Update } from '../../src/model/program.js';
import type { StepMetrics } from '../../src/model/step.js';
import { type Position, START } from '../../src/pipeline/progress.js';
import { train } from '../../src/pipeline/train.js';
import { progressText } from '../../src/terminal/progress_line.js';
import type { Progress } from '../../src/terminal/stage.js';
import { type FakeAnswers, fakeProgram } from '../helpers/fake_program.js';
import { dataOf, tinyPlan } from '../helpers/tiny_plan.js';

const plan = tinyPlan();
let data: Splits;
beforeAll(async () => {
  data = await dataOf(plan);
});

/** What a step was given; bytes as hexadecimal digits, which compare faster. */
interface Given extends Update {
  readonly images: string;
  readonly labels: readonly number[];
  readonly masks: object;
}

const hex = (bytes: Uint8Array | Float32Array) => Buffer.from(bytes).toString('hex');
const hexMasks = (masks: Masks) => Object.fromEntries([...masks].map(([layer, mask]) => [layer, hex(mask)]));

/** Trains with stand-ins for everything else and notes what the loop asks of them, in order. */
async function trainFake(
  options: Pick<FakeAnswers, 'evaluate' | 'state'> & {
    metrics?: (step: number, batch: Batch) => StepMetrics;
    from?: Position;
    stopAt?: number;
    lastSaved?: { directory: string; step: number };
    images?: Splits;
    plan?: Plan;
    onMasks?: (masks: Masks) => void;
  } = {},
) {
  const { from = START, plan: trained = plan, stopAt = Number.POSITIVE_INFINITY, lastSaved = null } = options;
  const given: Given[] = [];
  const lines: MetricsLine[] = [];
  const saved: Position[] = [];
  const shown: string[] = [];
  let done = from.step;
  let pending: Omit<Given, keyof Update> | undefined;
  const program = fakeProgram({
    evaluate: allWrong,
    ...options,
    backward: (batch, masks) => {
      options.onMasks?.(masks);
      pending = { images: hex(batch.images), labels: [...batch.labels], masks: hexMasks(masks) };
      return (options.metrics ?? halfRight)(done + 1, batch);
    },
    // A backward pass for a histogram has none.
    update: (update) => {
      done = update.step;
      given.push({ ...update, ...pending! });
    },
  });
  const { calls } = program;
  let asked = 0;
  let isWriting = false;
  const training = {
    plan: trained,
    program,
    average: null,
    data: options.images ?? data,
    inputs: options.images ?? data,
    recorder: {
      train: (line: MetricsLine) => lines.push(line),
      epoch: (...both: MetricsLine[]) => {
        calls.push('record the epoch');
        lines.push(...both.slice(0, 2));
      },
      misclassified: (_: object, step: number) => calls.push(`show what is misclassified at step ${step}`),
      histograms: (kind: string, _: object, step: number) =>
        calls.push(`histograms of ${kind} at step ${step}`),
      finish: () => calls.push('finish'),
    },
    checkpoints: {
      lastSaved,
      save: async (position: Position, links: readonly string[]) => {
        calls.push(`save ${links.join(' and ')}`);
        isWriting = true;
        saved.push(position);
      },
      settle: async () => {
        isWriting = false;
      },
    },
    output: {
      progress: (progress: Progress) => shown.push(progressText(progress)),
      line: (text: string) => shown.push(text),
    },
    stopRequested: async () => ++asked > stopAt,
  };
  const result = await train(training, from).catch((error: unknown) => error);
  // However it ends, the last checkpoint is on the disk.
  expect(isWriting).toBe(false);
  return { result, calls, given, lines, saved, shown, asked };
}

const halfRight = (step: number, { size }: Batch) => ({
  loss: step,
  mainLoss: step / 2,
  auxLoss: { head: step / 4 },
  correct: size / 2,
});
const allWrong = ({ size, labels }: Batch) => ({
  losses: new Float32Array(size).fill(3),
  predicted: labels.map((label) => (label + 1) % 8),
  probabilities: new Float32Array(size * 8),
});

const steps = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, i) => [
    `backward ${(from + i) % 7 ? 8 : 4} images`,
    `update ${from + i}`,
  ]).flat();
const HISTOGRAMS = (step: number) => [
  `histograms of weights at step ${step}`,
  'backward 8 images',
  'gradients',
  `histograms of gradients at step ${step}`,
];
const EVALUATION = ['evaluate 8 images', 'evaluate 8 images', 'evaluate 4 images'];

test('steps, checkpoints within an epoch, evaluation, the epoch in the logs, its checkpoint', async () => {
  const { result, calls } = await trainFake();
  expect(calls).toEqual([
    ...steps(1, 3),
    'save last',
    ...steps(4, 6),
    'save last',
    ...steps(7, 7),
    ...EVALUATION,
    'record the epoch',
    'show what is misclassified at step 7',
    ...HISTOGRAMS(7),
    'save last and best',
    ...steps(8, 9),
    'save last',
    ...steps(10, 12),
    'save last',
    ...steps(13, 14),
    ...EVALUATION,
    'record the epoch',
    ...HISTOGRAMS(14),
    'finish',
    'save last', // no more accurate than the first epoch
  ]);
  expect(result).toMatchObject({ step: 14, epoch: 2, finished: true, best: { epoch: 1, step: 7 } });
});

test('each step has the learning rate of the schedule, its masks and its images', async () => {
  const { given } = await trainFake();
  expect(given.map(({ step }) => step)).toEqual(Array.from({ length: 14 }, (_, i) => i + 1));
  for (const { step, learningRate: rate, masks, labels } of given) {
    const inEpoch = (step - 1) % 7;
    expect(rate).toBe(learningRate(plan, step - 1));
    expect(Object.keys(masks)).toEqual(['dropout', 'head.dropout']);
    expect(masks).toEqual(hexMasks(drawMasks(plan, step > 7 ? 2 : 1, 8 * inEpoch, labels.length)));
  }
  const seen = (epoch: number) => given.slice(7 * epoch, 7 * epoch + 7).flatMap(({ labels }) => labels);
  expect(seen(0).toSorted()).toEqual([...data.train.labels].toSorted());
  expect(seen(1).toSorted()).toEqual(seen(0).toSorted());
  expect(seen(1)).not.toEqual(seen(0));
});

test('metrics: a line a step, and means over the images of an epoch', async () => {
  const { lines } = await trainFake();
  expect(lines).toHaveLength(14 + 2 + 2);
  const speed = expect.any(Number);
  expect(lines[6]).toEqual({
    split: 'train',
    step: 7,
    epoch: 1,
    loss: 7,
    main_loss: 3.5,
    aux_loss: { head: 1.75 },
    accuracy: 0.5,
    learning_rate: learningRate(plan, 6),
    images_per_second: speed,
  });
  const loss = (8 * (1 + 2 + 3 + 4 + 5 + 6) + 4 * 7) / 52;
  expect(lines[7]).toEqual({
    split: 'train_epoch',
    step: 7,
    epoch: 1,
    loss,
    main_loss: loss / 2,
    aux_loss: { head: loss / 4 },
    accuracy: 0.5,
    learning_rate: learningRate(plan, 6),
    images_per_second: speed,
    count: 52,
  });
  const result = { loss: 3, accuracy: 0, correct: 0, count: 20 };
  const scores = expect.objectContaining({ balanced_accuracy: 0, macro_f1: 0 });
  expect(lines[8]).toEqual({ split: 'test', step: 7, epoch: 1, ...result, scores });
});

test('tells how far it is', async () => {
  const { shown } = await trainFake();
  expect(shown[1]).toMatch(
    /^epoch 1\/2, step 2\/7, loss 1\.5000, accuracy 50\.00 %, [\d.]+ images\/s, \d+ s left$/,
  );
  expect(shown.at(-1)).toMatch(
    /^epoch 2\/2: loss 10\.7692, accuracy 50\.00 %; test loss 3\.0000, accuracy 0\.00 %; [\d.]+ images\/s$/,
  );
  expect(shown.find((text) => text.startsWith('epoch 1/2: '))).toContain('accuracy 0.00 % (best)');
});

describe('from every position', () => {
  test('it asks for what the uninterrupted run asked for', async () => {
    const whole = await trainFake();
    for (const [index, from] of whole.saved.entries()) {
      const resumed = await trainFake({ from });
      expect(resumed.given).toEqual(whole.given.slice(from.step));
      expect(resumed.saved.slice(0, -1).map(comparable)).toEqual(
        whole.saved.slice(index + 1, -1).map(comparable),
      );
      expect(resumed.lines.map(comparable)).toEqual(
        whole.lines.slice(whole.lines.length - resumed.lines.length).map(comparable),
      );
    }
  });

  test('at the end of an epoch, it goes on with the evaluation', async () => {
    const { calls } = await trainFake({ from: { ...START, step: 7, step_in_epoch: 7 } });
    expect(calls.slice(0, 4)).toEqual([...EVALUATION, 'record the epoch']);
    expect(calls[9]).toBe('save last and best');
  });

  test('a finished run does nothing', async () => {
    const from = { ...START, step: 14, finished: true };
    const { calls, result } = await trainFake({ from });
    expect(calls).toEqual([]);
    expect(result).toEqual(from);
  });
});

/** Without what the clock decides. */
function comparable(value: object): object {
  return JSON.parse(JSON.stringify(value, (key, x) => (/seconds|per_second/.test(key) ? undefined : x)));
}

describe('a request to stop', () => {
  // Asked after each step (7 an epoch), after each batch of the evaluation (3), and after its checkpoint.
  test.each([
    [1, 'after the first step', { step: 1, epoch: 1, step_in_epoch: 1 }, 'save last'],
    [3, 'where a checkpoint is due anyway', { step: 3, epoch: 1 }, 'save last'],
    [9, 'within the evaluation', { step: 7, epoch: 1, step_in_epoch: 7, best: null }, 'save last'],
    [11, 'after the evaluation', { step: 7, epoch: 2, step_in_epoch: 0 }, 'save last and best'],
    [21, 'in the last evaluation', { step: 14, epoch: 2, step_in_epoch: 7 }, 'save last'],
  ])('number %d, %s, ends after one checkpoint', async (stopAt, _, position, save) => {
    const { result, saved, calls, asked } = await trainFake({ stopAt: stopAt - 1 });
    expect(result).toBeInstanceOf(Interrupted);
    expect(asked).toBe(stopAt);
    expect(calls.at(-1)).toBe(save);
    expect(saved.at(-1)).toMatchObject(position);
    expect(saved.filter(({ step }) => step === position.step)).toHaveLength(1);
  });

  test('comes too late after the last checkpoint', async () => {
    const { result, asked } = await trainFake({ stopAt: 21 });
    expect(asked).toBe(21);
    expect(result).toMatchObject({ finished: true });
  });
});

describe('an image that cannot be read', () => {
  const broken = (split: 'train' | 'test', failing: number): Splits => {
    let reads = 0;
    const read: Splits['train']['read'] = async (indices) => {
      if (++reads === failing) throw new UserError('images/b.png: damaged PNG image');
      return data[split].read(indices);
    };
    return { ...data, [split]: { ...data[split], read } };
  };

  test.each([
    ['at the first step', 'train', 1, []],
    ['ahead of its step', 'train', 3, steps(1, 2)],
    [
      'in an evaluation',
      'test',
      2,
      [...steps(1, 3), 'save last', ...steps(4, 6), 'save last', ...steps(7, 7)],
    ],
  ] as const)('ends the run with its message: %s', async (_, split, failing, before) => {
    const { result, calls } = await trainFake({ images: broken(split, failing) });
    expect(result).toEqual(new UserError('images/b.png: damaged PNG image'));
    expect(calls).toEqual([...before, ...(split === 'test' ? ['evaluate 8 images'] : [])]);
  });
});

describe('training that diverges', () => {
  const lastSaved = { directory: 'runs/a/checkpoints/last', step: 6 };

  test('stops before the step is counted', async () => {
    const { result, calls, lines } = await trainFake({
      lastSaved,
      metrics: (step, batch) => ({ ...halfRight(step, batch), loss: step === 5 ? Number.NaN : 1 }),
    });
    expect(result).toMatchObject({
      message: `training diverged at step 5 with learning rate ${learningRate(plan, 4)}: the loss is NaN. The last good checkpoint is runs/a/checkpoints/last (step 6).`,
      exitCode: 1,
    });
    expect(calls).toEqual([...steps(1, 3), 'save last', ...steps(4, 4), 'backward 8 images']);
    expect(lines).toHaveLength(4);
  });

  test('in an evaluation, before anything is recorded or saved', async () => {
    const { result, calls } = await trainFake({
      lastSaved,
      evaluate: ({ size }) => ({
        losses: new Float32Array(size).fill(Number.POSITIVE_INFINITY),
        predicted: new Int32Array(size),
        probabilities: new Float32Array(size * 8),
      }),
    });
    expect(result).toMatchObject({
      message: expect.stringContaining('at step 7 with learning rate 0.00'),
    });
    expect(result).toMatchObject({ message: expect.stringContaining('the test loss is Infinity.') });
    expect(calls.at(-1)).toBe('evaluate 4 images');
  });
});

test('an update of parts: their masks, their metrics by images, the gradients clipped once', async () => {
  const trained = tinyPlan({ training: { epochs: 1, batch_size: 8, accumulate: 2, clip_grad_norm: 0.5 } });
  const masks: object[] = [];
  const { calls, lines } = await trainFake({
    plan: trained,
    metrics: (step, { size }) => ({ loss: step, mainLoss: size, auxLoss: { head: size }, correct: 1 }),
    onMasks: (given) => masks.push(hexMasks(given)),
  });
  const update = ['backward 4 images', 'backward 4 images', 'clip by norm at 0.5'];
  expect(calls.slice(0, 8)).toEqual([...update, 'update 1', ...update, 'update 2']);
  // The last batch has 4 images, and one part.
  expect(calls.slice(26, 29)).toEqual(['backward 4 images', 'clip by norm at 0.5', 'update 7']);
  expect(lines[0]).toMatchObject({ loss: 1, main_loss: 4, aux_loss: { head: 4 }, accuracy: 2 / 8 });
  expect(lines[0]).toMatchObject({ gradient_norm: 2 });
  const of = (first: number) => hexMasks(drawMasks(trained, 1, first, 4));
  expect(masks.slice(0, 3)).toEqual([of(0), of(4), of(8)]);
});
