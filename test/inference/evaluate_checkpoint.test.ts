import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { loadTfjs } from '../../src/backends/load_tfjs.js';
import { Interrupted, UserError } from '../../src/errors.js';
import { type EvalOptions, evaluateCheckpoint } from '../../src/inference/evaluate_checkpoint.js';
import type { SplitResult } from '../../src/pipeline/evaluation.js';
import { shown } from '../helpers/plain_stages.js';
import { metricsLines } from '../helpers/run_results.js';
import { temporaryDirectory } from '../helpers/temporary_directory.js';
import { trainTiny } from '../helpers/train_tiny.js';

vi.mock(import('../../src/backends/load_tfjs.js'), { spy: true });

vi.mock('../../src/terminal/screen.js', () => import('../helpers/plain_stages.js'));

const directory = mkdtempSync(join(tmpdir(), 'gnet-test-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));
const run = join(directory, 'run');
const last = join(run, 'checkpoints/last');
const best = join(run, 'checkpoints/best');

/** What the run wrote of its two evaluations; the first one is the best. */
let tests: SplitResult[];

beforeAll(async () => {
  await trainTiny(run);
  tests = metricsLines(run)
    .filter(({ split }) => split === 'test')
    .map(({ split: _, step: __, epoch: ___, ...result }) => result as unknown as SplitResult);
});
beforeEach(() => {
  shown.length = 0;
});

const evaluate = (source: string, options: Partial<EvalOptions> = {}) =>
  evaluateCheckpoint({ source, split: 'test', backend: undefined, threads: 1, ...options });

const where = { split: 'test', backend: 'onnxruntime-cpu' };

test('a run stands for its best checkpoint, whose numbers are those of the best evaluation', async () => {
  expect(tests).toHaveLength(2);
  expect(tests[0]).not.toEqual(tests[1]);
  expect(await evaluate(run)).toEqual({
    ...where,
    checkpoint: best,
    step: 7,
    chosen_on: 'test',
    ...tests[0],
  });
  expect(shown.at(-1)).toMatch(
    /^Evaluate: loss 2\.\d{4}, accuracy [\d.]+ % \(\d+\/20 test images\); chosen on the test set: the figure is optimistic$/,
  );
});

test('a checkpoint of the run', async () => {
  expect(await evaluate(last)).toEqual({ ...where, checkpoint: last, step: 14, ...tests[1] });
});

test('a checkpoint on its own needs nothing else of the run', async () => {
  const copy = join(temporaryDirectory(), 'copy');
  cpSync(last, copy, { recursive: true, dereference: true });
  expect(await evaluate(copy)).toEqual({ ...where, checkpoint: copy, step: 14, ...tests[1] });
});

test('another split and another backend', async () => {
  const train = await evaluate(run, { split: 'train' });
  expect(train).toMatchObject({ split: 'train', count: 52, accuracy: train.correct / 52 });
  expect(train.loss).not.toBe(tests[0]!.loss);
  const wasm = await evaluate(run, { split: 'train', backend: 'wasm' });
  expect(wasm).toMatchObject({ backend: 'wasm', count: 52, correct: train.correct });
  expect(wasm.loss).toBeCloseTo(train.loss, 5);
});

test('a backend that is missing is told before the data set is touched', async () => {
  const gone = new UserError('wasm: gone');
  vi.mocked(loadTfjs).mockRejectedValueOnce(gone);
  await expect(evaluate(run, { backend: 'wasm' })).rejects.toBe(gone);
  expect(shown).toEqual([]);
});

test('what is no checkpoint', async () => {
  const place = temporaryDirectory();
  await expect(evaluate(place)).rejects.toThrow(`${place}: expected a run directory or a checkpoint`);
});

test('a request to stop', async () => {
  const evaluation = evaluate(run);
  const outcome = evaluation.catch((error: unknown) => error);
  while (process.listenerCount('SIGINT') === 0) await setImmediate();
  process.emit('SIGINT', 'SIGINT');
  expect(await outcome).toBeInstanceOf(Interrupted);
  expect(process.listenerCount('SIGINT')).toBe(0);
});
