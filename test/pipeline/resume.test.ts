import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parameterSpecs } from '../../src/model/state_specs.js';
import { readSafetensors } from '../../src/storage/safetensors.js';
import { BIN, gnet, shell } from '../helpers/gnet.js';
import { metricsLines, type RunResults, readJson, runResults } from '../helpers/run_results.js';
import { whyNoTensorflow } from '../helpers/tensorflow.js';
import { NORMS, SPLIT, tinyConfig } from '../helpers/tiny_config.js';
import { tinyPlan } from '../helpers/tiny_plan.js';

/** A place for all runs of this file; each test has a run of its own. */
const directory = mkdtempSync(join(tmpdir(), 'gnet-test-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));
writeFileSync(join(directory, 'tiny.yaml'), tinyConfig());

/** Starts or goes on with a run. */
const run = (name: string, { strike, args = [] }: { strike?: string; args?: string[] } = {}) =>
  gnet(['run', 'tiny.yaml', '--threads', '1', '--run-dir', name, '--resume', ...args], {
    cwd: directory,
    strike,
  });

/** The state in the newest checkpoint, or null. */
const newest = (name: string) => {
  const path = join(directory, name, 'checkpoints/last/state.json');
  return existsSync(path) ? readJson(path) : null;
};

const tests = (name: string) => metricsLines(join(directory, name)).filter(({ split }) => split === 'test');

describe('on onnxruntime-cpu', () => {
  let whole: RunResults;
  const expectWhole = (name: string) => expect(runResults(join(directory, name))).toEqual(whole);

  beforeAll(async () => {
    expect(await run('whole')).toMatchObject({ code: 0 });
    whole = runResults(join(directory, 'whole'));
  });

  test('the uninterrupted run is complete', () => {
    const { metrics, points, tensors } = whole;
    const count = (split: string) => metrics.filter((line) => 'split' in line && line.split === split).length;
    expect([count('train'), count('train_epoch'), count('test')]).toEqual([14, 2, 2]);
    const starts = (prefix: string) => points.filter((point) => point.startsWith(prefix)).length;
    expect(['config', 'graph', '_hparams_'].map(starts)).toEqual([1, 1, 2]);
    expect(['loss', 'accuracy', 'learning_rate'].map(starts)).toEqual([14 * 3 + 2 * 3, 14 + 2 * 3, 14]);
    const parameters = parameterSpecs(tinyPlan().network).size;
    expect(['weights/', 'gradients/'].map(starts)).toEqual([2 * parameters, 2 * parameters]);
    expect(new Set(points).size).toBe(points.length);
    for (const hex of Object.values(tensors)) expect(hex.length).toBeGreaterThan(2 * 4 * 1000);
  });

  // Graphs run: 7 training steps, 3 batches of the test set and one for gradients in an epoch. Checkpoints: steps 3, 6, 7, 9, 12, 14.
  test.each([
    ['SIGINT', 'within an epoch', 'SIGINT run 5', { step: 5, epoch: 1, step_in_epoch: 5 }],
    ['SIGTERM', 'within an epoch', 'SIGTERM run 13', { step: 9, epoch: 2, step_in_epoch: 2 }],
    ['SIGHUP', 'within an epoch', 'SIGHUP run 5', { step: 5, epoch: 1, step_in_epoch: 5 }],
    ['SIGINT', 'in an evaluation', 'SIGINT run 9', { step: 7, epoch: 1, step_in_epoch: 7, best: null }],
  ])('%s %s: a checkpoint of the step under way, and how to resume', async (_, __, strike, state) => {
    const name = `stopped by ${strike}`; // the spaces must survive pasting
    const stopped = await run(name, { strike, args: ['--set', 'checkpoint={every_steps: 3}'] });
    expect(stopped).toMatchObject({ code: 130, stdout: '' });
    const command = `node ${BIN} run tiny.yaml --set 'checkpoint={every_steps: 3}' --run-dir '${name}' --resume --threads 1`;
    const [, line] = /^interrupted; resume with:\n {2}(.+)\n$/m.exec(stopped.stderr) ?? [];
    expect(line?.replace(/^node \S+/, `node ${BIN}`)).toBe(command);
    expect(newest(name)).toMatchObject(state);
    expect(tests(name)).toHaveLength(state.epoch - 1);

    expect(await shell(line!, directory)).toMatchObject({ code: 0 });
    expectWhole(name);
  });

  test.each([
    ['after the first step, before any checkpoint', 'append metrics.jsonl 1', [null]],
    ['within an epoch, after a checkpoint', 'rename last 1', [3]],
    // Checkpoints are written while the next steps run: how many there are by then is open.
    ['in the first evaluation', 'run 9', [null, 3, 6]],
    ['between the lines of an epoch', 'append metrics.jsonl 8', [null, 3, 6]],
    ['while the first checkpoint is written', 'write model.safetensors 1', [null]],
    ['while a later checkpoint is written', 'write optimizer.safetensors 2', [3]],
    ['before a checkpoint has its name', 'write state.json 4', [7]],
    ['before a checkpoint is the newest', 'rename step-00000012 1', [9]],
    ['between best and last', 'rename best 1', [6]],
    ['after the last checkpoint', 'rename last 6', [14]],
    ['in the evaluation of the best', 'run 23', [14]],
  ])('SIGKILL %s', async (_, event, steps) => {
    const name = `killed at ${event}`;
    expect(await run(name, { strike: `SIGKILL ${event}` })).toMatchObject({ code: null, signal: 'SIGKILL' });
    const step = newest(name)?.step ?? null;
    expect(steps).toContain(step);
    const resumed = await run(name);
    expect(resumed).toMatchObject({ code: 0 });
    expect(resumed.stderr).toContain(
      step === null ? `${name}, which has no checkpoint yet` : `${name}, resumed at step ${step}\n`,
    );
    expectWhole(name);
  });

  test('SIGKILL again and again, in one epoch and the next', async () => {
    const name = 'killed thrice';
    for (const [event, step] of [
      ['rename last 1', 3],
      ['append metrics.jsonl 2', 3],
      ['rename step-00000009 1', 7],
    ] as const) {
      expect(await run(name, { strike: `SIGKILL ${event}` })).toMatchObject({ signal: 'SIGKILL' });
      expect(newest(name)).toMatchObject({ step });
    }
    expect(await run(name)).toMatchObject({ code: 0 });
    expectWhole(name);
    const { earlier_sessions } = readJson(join(directory, name, 'environment.json'));
    expect(earlier_sessions).toHaveLength(3);
  });
});

describe('with validation images', () => {
  // Graphs run in an epoch: 7 training steps, 2 batches of validation images, one for gradients; 3 batches of the test set at the end.
  // Lines: 14 steps, 2 epochs of 2 lines, and the test.
  test.each([
    ['in a validation', 'run 8', [null, 3, 6]],
    ['in the evaluation of the test set', 'run 22', [14]],
    ['after the line of the test set', 'append metrics.jsonl 19', [14]],
    ['before there is a summary', 'rename predictions.jsonl 1', [14]],
  ])('SIGKILL %s', async (_, event, steps) => {
    writeFileSync(join(directory, 'split.yaml'), tinyConfig(SPLIT));
    const start = (name: string, strike?: string) =>
      gnet(['run', 'split.yaml', '--threads', '1', '--run-dir', name, '--resume'], {
        cwd: directory,
        strike,
      });
    expect(await start('split')).toMatchObject({ code: 0 });
    const name = `split, killed at ${event}`;
    expect(await start(name, `SIGKILL ${event}`)).toMatchObject({ code: null, signal: 'SIGKILL' });
    expect(steps).toContain(newest(name)?.step ?? null);
    expect(await start(name)).toMatchObject({ code: 0 });
    const whole = runResults(join(directory, 'split'));
    expect(runResults(join(directory, name))).toEqual(whole);
    expect(whole.metrics.filter((line) => 'split' in line && line.split === 'test')).toHaveLength(1);
    expect(whole.points.filter((point) => point.startsWith('loss/test'))).toHaveLength(1);
  });
});

describe('with batch norms: running statistics and counters too', () => {
  const start = (name: string, strike?: string) =>
    gnet(['run', 'norms.yaml', '--threads', '1', '--run-dir', name, '--resume'], { cwd: directory, strike });

  beforeAll(async () => {
    writeFileSync(join(directory, 'norms.yaml'), tinyConfig(NORMS));
    expect(await start('norms')).toMatchObject({ code: 0 });
  });

  test.each([
    ['SIGKILL rename last 1', { step: 3, epoch: 1 }],
    // The gradients of a histogram are computed between two epochs: they must not count as a batch.
    ['SIGKILL rename step-00000009 1', { step: 7, epoch: 2 }],
    ['SIGINT run 5', { step: 5, epoch: 1 }],
    ['SIGINT run 9', { step: 7, epoch: 1 }],
  ])('%s', async (strike, state) => {
    const name = `norms, ${strike}`;
    expect((await start(name, strike)).code).toBe(strike.startsWith('SIGINT') ? 130 : null);
    expect(newest(name)).toMatchObject(state);
    expect(await start(name)).toMatchObject({ code: 0 });
    expect(runResults(join(directory, name))).toEqual(runResults(join(directory, 'norms')));
  });

  test('each training step counts once', async () => {
    const { tensors } = await readSafetensors(join(directory, 'norms/checkpoints/last/model.safetensors'));
    for (const name of ['bn1', 'bn2']) {
      const counter = { shape: [], data: BigInt64Array.of(14n) };
      expect(tensors.get(`${name}.num_batches_tracked`)).toEqual(counter);
      expect([...tensors.get(`${name}.running_var`)!.data].every((x) => x !== 1)).toBe(true);
    }
  });
});

test.for(['wasm', 'tensorflow'] as const)(
  'on %s, which computes on the thread that signals arrive at',
  async (backend, { skip }) => {
    skip(backend === 'tensorflow' && whyNoTensorflow !== null, whyNoTensorflow ?? '');
    const [whole, part] = [backend, `${backend} stopped`];
    const args = ['--backend', backend, '--set', 'checkpoint.every_steps=null'];
    expect(await run(whole, { args })).toMatchObject({ code: 0 });
    const stopped = await run(part, { args, strike: 'SIGINT append metrics.jsonl 4' });
    expect(stopped).toMatchObject({ code: 130 });
    expect(newest(part)).toMatchObject({ step: 4, epoch: 1 });
    expect(await run(part, { args })).toMatchObject({ code: 0 });
    expect(runResults(join(directory, part))).toEqual(runResults(join(directory, whole)));
  },
);
