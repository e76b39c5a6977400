import { appendFileSync, mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { UserError } from '../../src/errors.js';
import { START } from '../../src/pipeline/progress.js';
import { openRun } from '../../src/runs/open_run.js';
import { encodeCheckpointState } from '../../src/storage/checkpoint_state.js';
import { type MadeRun, makeRun } from '../helpers/make_run.js';
import { snapshot } from '../helpers/snapshot.js';
import { temporaryDirectory } from '../helpers/temporary_directory.js';
import { tinyPlan } from '../helpers/tiny_plan.js';

let run: string;
beforeEach(() => {
  run = join(temporaryDirectory(), 'run');
});

async function opened(made: MadeRun = {}) {
  await makeRun(run, made);
  return openRun(run);
}

/** Writes the state of checkpoints/last: training had logged so many bytes. */
function writeState(metrics_bytes: number): void {
  mkdirSync(join(run, 'checkpoints/last'), { recursive: true });
  const state = { version: 1 as const, ...START, metrics_bytes, events: null, config: {} };
  writeFileSync(join(run, 'checkpoints/last/state.json'), encodeCheckpointState(state));
}

test('a finished run has everything', async () => {
  const plan = await makeRun(run);
  const { missing, summary, metrics, predictions, environment, ...rest } = await openRun(run);
  expect(missing).toEqual([]);
  expect(rest.plan.network).toEqual(plan.network);
  expect(summary).toMatchObject({ test: { correct: 15 }, run_directory: run });
  expect(metrics).toMatchObject({ step: 14, best: { epoch: 2, correct: 15 } });
  expect(predictions?.labels).toHaveLength(20);
  expect(environment).toMatchObject({ backend: 'onnxruntime-cpu' });
});

describe('a run is read as far as it got', () => {
  test.each<[string, MadeRun['epochs'], string]>([
    ['before its first step', 0, 'The run has not finished: it is at step 0 of 14.'],
    ['after its first epoch', 1, 'The run has not finished: it is at step 7 of 14.'],
  ])('%s', async (_, epochs, sentence) => {
    const { missing, summary, predictions } = await opened({ epochs: epochs! });
    expect({ summary, predictions }).toEqual({ summary: null, predictions: null });
    expect(missing).toEqual([sentence, 'predictions.jsonl is not there: it is written when a run ends.']);
  });

  test('before its last evaluation, with a line that was cut short', async () => {
    await makeRun(run);
    for (const name of ['summary.json', 'environment.json']) rmSync(join(run, name));
    appendFileSync(join(run, 'metrics.jsonl'), '{"split"');
    expect((await openRun(run)).missing).toEqual([
      'summary.json is not there: the run stopped before its last evaluation. Resume it to have it.',
      'The last line of metrics.jsonl (19) was cut short and is left out.',
      'environment.json is not there.',
    ]);
  });

  test('without its predictions', async () => {
    await makeRun(run);
    rmSync(join(run, 'predictions.jsonl'));
    expect((await openRun(run)).missing).toEqual([
      'predictions.jsonl is not there. Resume the run: it is then evaluated again.',
    ]);
  });
});

async function errorOf(): Promise<UserError> {
  const before = snapshot(run);
  const error = await openRun(run).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(UserError);
  expect(snapshot(run)).toEqual(before);
  return error as UserError;
}

describe('what is damaged is named', () => {
  beforeEach(async () => {
    await makeRun(run);
  });
  const cut = (name: string, bytes: number) => () => truncateSync(join(run, name), bytes);
  const write = (name: string, text: string) => () => writeFileSync(join(run, name), text);

  test.each<[string, () => void, string]>([
    [
      'a digest that is none',
      write('plan.json', JSON.stringify({ ...tinyPlan(), init: { file: 'a', sha256: 'x' } })),
      '/plan.json: init: expected a file and its sha256, or null',
    ],
    ['a plan cut short', cut('plan.json', 50), '/plan.json: expected JSON, got '],
    [
      'a plan of something else',
      write('plan.json', '[]'),
      '/plan.json: expected the plan of a run, got no "config"',
    ],
    ['a summary cut short', cut('summary.json', 50), '/summary.json: expected JSON, got '],
    [
      'an environment that is a list',
      write('environment.json', '[]'),
      '/environment.json: expected an object',
    ],
    [
      'predictions cut short',
      cut('predictions.jsonl', 700),
      '/predictions.jsonl: expected the 20 images of the test set, ',
    ],
    [
      'a metrics log shorter than its checkpoint says',
      () => {
        writeState(readFileSync(join(run, 'metrics.jsonl')).length);
        truncateSync(join(run, 'metrics.jsonl'), 1000);
      },
      '/metrics.jsonl: expected at least the ',
    ],
    [
      'a metrics log with a line that is none',
      () => appendFileSync(join(run, 'metrics.jsonl'), 'nonsense\n'),
      '/metrics.jsonl:19: expected JSON, got ',
    ],
    ['no metrics log', () => rmSync(join(run, 'metrics.jsonl')), '/metrics.jsonl: no such file or directory'],
  ])('%s', async (_, damage, message) => {
    damage();
    expect((await errorOf()).message).toContain(`${run}${message}`);
  });

  test('predictions of another evaluation', async () => {
    const lines = readFileSync(join(run, 'predictions.jsonl'), 'utf8').split('\n');
    const first = JSON.parse(lines[0]!);
    const other = [JSON.stringify({ ...first, predicted: first.label }), ...lines.slice(1)];
    writeFileSync(join(run, 'predictions.jsonl'), other.join('\n'));
    expect((await errorOf()).message).toBe(
      `${run}/predictions.jsonl: expected the 15 correct predictions of summary.json, got 16`,
    );
  });
});

test('a directory that is no run', async () => {
  const parent = temporaryDirectory();
  const expectations = [
    [parent, 'expected a run directory, got a directory without plan.json and state.json'],
    [join(parent, 'no'), 'expected a run directory, got no such file or directory'],
  ] as const;
  for (const [directory, message] of expectations) {
    await expect(openRun(directory)).rejects.toMatchObject({
      message: `${directory}: ${message}`,
      exitCode: 2,
    });
  }
  run = parent;
  writeState(0);
  await expect(openRun(join(run, 'checkpoints/last'))).rejects.toThrow(
    'expected a run directory, got a checkpoint',
  );
});
