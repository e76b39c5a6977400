import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { UserError } from '../../src/errors.js';
import { evaluateCheckpoint } from '../../src/inference/evaluate_checkpoint.js';
import { initialState } from '../../src/model/state.js';
import { type RunOptions, runExperiment } from '../../src/pipeline/run.js';
import type { RunSummary } from '../../src/runs/summary.js';
import { readCheckpoint } from '../../src/storage/checkpoints.js';
import { readPredictions } from '../../src/storage/predictions.js';
import { encodeSafetensors, type NamedTensor } from '../../src/storage/safetensors.js';
import { shown } from '../helpers/plain_stages.js';
import { metricsLines, readJson, runResults } from '../helpers/run_results.js';
import { snapshot } from '../helpers/snapshot.js';
import { temporaryDirectory } from '../helpers/temporary_directory.js';
import { SPLIT, TINY, tinyConfig } from '../helpers/tiny_config.js';
import { tinyPlan } from '../helpers/tiny_plan.js';

vi.mock('../../src/terminal/screen.js', () => import('../helpers/plain_stages.js'));

let directory: string;
beforeEach(() => {
  directory = temporaryDirectory();
  shown.length = 0;
});

/** Runs the tiny config with some of its keys replaced. */
function run(changes: Record<string, unknown> = {}, options: Partial<RunOptions> = {}) {
  const config = join(directory, 'tiny.yaml');
  writeFileSync(config, tinyConfig(changes));
  const runDir = join(directory, 'run');
  return runExperiment({ config, sets: [], runDir, resume: false, init: undefined, threads: 1, ...options });
}

async function errorOf(promise: Promise<unknown>): Promise<UserError> {
  const error = await promise.catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(UserError);
  return error as UserError;
}

const last = (name = 'run') => readCheckpoint(join(directory, name, 'checkpoints', 'last'));
const KEPT_FIRST = { ...SPLIT, optimizer: { type: 'adam', learning_rate: 1e-6 } };
const sgd = (learning_rate: number) => ({
  optimizer: { type: 'sgd', learning_rate },
  schedule: { type: 'constant' },
});

/** Parameters that no seed draws. */
const INIT: ReadonlyMap<string, NamedTensor> = new Map(
  [...initialState(tinyPlan()).parameters].map(([name, { shape, data }]) => [
    name,
    { shape, data: data.map((x) => x / 3 + 0.01) },
  ]),
);

function writeInit(): string {
  const file = join(directory, 'init.safetensors');
  writeFileSync(file, Buffer.concat(encodeSafetensors(INIT)));
  return file;
}

describe('a run', () => {
  test('ends with a summary of the weights that it kept', async () => {
    // So small a learning rate changes no prediction: the first evaluation stays the best.
    const summary = await run({ optimizer: { type: 'adam', learning_rate: 1e-6 } });
    const runDir = join(directory, 'run');
    const tests = metricsLines(runDir).filter(({ split }) => split === 'test');
    const [first, second] = tests as RunSummary['test'][];
    expect(first!.accuracy).toBe(second!.accuracy);
    expect(first!.loss).not.toBe(second!.loss);
    const { loss, accuracy, correct, count, scores } = first!;
    expect(summary).toEqual({
      name: 'tiny',
      run_directory: runDir,
      backend: 'onnxruntime-cpu',
      epochs: 2,
      steps: 14,
      parameters: tinyPlan().parameterCount,
      seconds: expect.any(Number),
      best: { epoch: 1, step: 7, accuracy, loss },
      chosen_on: 'test',
      test: { loss, accuracy, correct, count, scores },
    });
    expect(readJson(join(runDir, 'summary.json'))).toEqual(summary);
    const stored = await readPredictions(join(runDir, 'predictions.jsonl'), 20, 8);
    expect(stored.labels.filter((label, image) => label === stored.predicted[image])).toHaveLength(correct);
    expect(stored.losses.reduce((sum, value) => sum + value, 0) / 20).toBeCloseTo(loss, 6);
    expect(readFileSync(join(runDir, 'report.html'), 'utf8')).toContain('id="mistakes"');
    expect(shown.map((line) => line.split(':')[0])).toEqual([
      ...['Run directory', 'Data set', 'Prepare', 'Compile'],
      ...['epoch 1/2', 'epoch 2/2', 'Train', 'Evaluate', 'Report'],
    ]);
    expect(existsSync(join(runDir, '.lock'))).toBe(false);
  });

  test('with validation images chooses on them, and evaluates the test set once, with the best weights', async () => {
    const summary = await run(KEPT_FIRST);
    const runDir = join(directory, 'run');
    const lines = metricsLines(runDir).filter(({ split }) => split === 'validation' || split === 'test');
    expect(lines.map(({ split, step, count }) => [split, step, count])).toEqual([
      ['validation', 7, 13],
      ['validation', 14, 13],
      ['test', 7, 20],
    ]);
    const [first, , test] = lines as { loss: number; accuracy: number; correct: number; count: number }[];
    const { loss, accuracy, correct } = test!;
    expect(summary).toMatchObject({
      chosen_on: 'validation',
      best: { epoch: 1, step: 7, accuracy: first!.accuracy, loss: first!.loss },
      test: { loss, accuracy, correct, count: 20 },
    });
    // Beside the run: what its checkpoints say of each split.
    const evaluated = async (checkpoint: string, split: 'validation' | 'test') => {
      const source = join(runDir, 'checkpoints', checkpoint);
      return evaluateCheckpoint({ source, split, backend: undefined, threads: 1 });
    };
    expect((await evaluated('best', 'validation')).loss).toBe(first!.loss);
    expect((await evaluated('best', 'test')).loss).toBe(loss);
    expect(readFileSync(join(runDir, 'report.html'), 'utf8')).toContain('validation accuracy');
    expect(readFileSync(join(runDir, 'report.html'), 'utf8')).not.toContain('optimistic');
    const plan = readJson(join(runDir, 'plan.json')).dataset;
    expect(readJson(join(runDir, 'checkpoints/best/state.json')).dataset).toEqual(plan);
    expect(plan).toMatchObject({ count: { train: 52, validation: 13, test: 20 }, chosenOn: 'validation' });

    // Nothing is left to do: nothing is changed, the logs with their last line among it.
    const before = snapshot(runDir);
    expect(await run(KEPT_FIRST, { resume: true })).toEqual(summary);
    expect(snapshot(runDir)).toEqual(before);
  });

  test('that has finished is not done again, wherever it is by then', async () => {
    const summary = await run();
    const [from, to] = [join(directory, 'run'), join(directory, 'moved')];
    cpSync(from, to, { recursive: true, verbatimSymlinks: true });
    const before = snapshot(to);
    shown.length = 0;
    expect(await run({}, { resume: true, runDir: to })).toEqual({ ...summary, run_directory: to });
    expect(shown).toEqual([
      `Run directory: ${to}: the run has finished all its epochs, nothing is left to do`,
    ]);
    const { 'environment.json': _, ...after } = snapshot(to);
    expect(before).toMatchObject(after);
    expect(Object.keys(before)).toEqual(Object.keys(snapshot(to)));

    // Killed after its last checkpoint: only the evaluation is missing.
    rmSync(join(to, 'summary.json'));
    const again = await run({}, { resume: true, runDir: to });
    expect(again).toEqual({ ...summary, run_directory: to });
    expect(readJson(join(to, 'summary.json'))).toEqual(again);
    expect(shown).toContain('Train, skipped: the run has finished all its epochs');
    expect(shown.join('\n')).not.toContain('last bits');

    // Other threads sum in another order: that is told.
    rmSync(join(to, 'summary.json'));
    await run({}, { resume: true, runDir: to, threads: 2 });
    expect(shown).toContainEqual(expect.stringMatching(/^resumed with threads 2, before it was 1: /));
  });
});

describe('training that diverges', () => {
  // 52 images in one step: an epoch is a step.
  const oneStep = { training: { epochs: 2, batch_size: 52 } };

  test.each([
    ['the loss of the second step', { ...sgd(1e30), checkpoint: {} }, 2, /the loss is (NaN|Infinity)/],
    [
      'a parameter at a checkpoint',
      { ...sgd(1e300), checkpoint: { every_steps: 1 } },
      1,
      /parameter conv1\.weight is not finite/,
    ],
    [
      'the loss of an evaluation',
      { ...sgd(1e30), ...oneStep, checkpoint: {} },
      1,
      /the test loss is (NaN|Infinity)/,
    ],
  ])('%s: the checkpoint before it stays', async (_, changes, step, what) => {
    const error = await errorOf(run(changes, { init: writeInit() }));
    expect(error.message).toMatch(what);
    const rate = changes.optimizer.learning_rate;
    expect(error.message).toContain(`training diverged at step ${step} with learning rate ${rate}: `);
    const kept = join(directory, 'run/checkpoints/last');
    expect(error.message).toContain(`The last good checkpoint is ${kept} (step 0).`);
    expect(error).toMatchObject({
      exitCode: 1,
      hint: expect.stringContaining('smaller optimizer.learning_rate'),
    });
    expect((await last()).tensors).toEqual(INIT);
    expect(existsSync(join(directory, 'run/checkpoints/best'))).toBe(false);
    expect(existsSync(join(directory, 'run/.lock'))).toBe(false);
    expect(process.listenerCount('SIGINT')).toBe(0);
  });

  test('before any checkpoint', async () => {
    const error = await errorOf(run({ ...sgd(1e30), checkpoint: {} }));
    expect(error.message).toMatch(/ There is no checkpoint before it\.$/);
  });
});

describe('--init', () => {
  test.each(['onnxruntime-cpu', 'wasm'])('is where training starts: %s', async (backend) => {
    await run({ ...sgd(1e-9), backend, training: { epochs: 1, batch_size: 26 } }, { init: writeInit() });
    const { tensors, state } = await last();
    expect(state.step).toBe(2);
    expect([...tensors.keys()]).toEqual([...INIT.keys()]);
    for (const [name, { data }] of tensors) {
      for (const [i, x] of (data as Float32Array).entries())
        expect(x).toBeCloseTo(INIT.get(name)!.data[i]!, 6);
    }
  });
});

describe('a full disk', () => {
  test.runIf(existsSync('/dev/full'))('stops the run where a log cannot grow', async () => {
    mkdirSync(join(directory, 'run'));
    symlinkSync('/dev/full', join(directory, 'run/metrics.jsonl'));
    const error = await errorOf(run());
    expect(error).toMatchObject({
      message: `cannot write ${join(directory, 'run/metrics.jsonl')}: the disk is full (ENOSPC)`,
      hint: expect.stringContaining('Free some space'),
      exitCode: 1,
    });
    expect(existsSync(join(directory, 'run/.lock'))).toBe(false);
  });

  test('stops the run where a checkpoint does not fit; with more space it goes on to the same end', async (context) => {
    // 190 kB a checkpoint. While one is written there are the last, the best and the new one: more than fits.
    const config = {
      model: {
        layers: [
          { type: 'conv', name: 'conv1', filters: 6, kernel: 3, stride: 4, padding: 1, activation: 'relu' },
          { type: 'flatten', name: 'flatten' },
          { type: 'linear', name: 'fc1', units: 40, activation: 'relu' },
          { type: 'linear', name: 'fc', units: 'num_classes' },
        ],
        auxiliary: [{ ...TINY.model.auxiliary[0], after: 'conv1' }],
      },
    };
    const disk = join(directory, 'disk');
    mkdirSync(disk);
    const why = mount(disk, 'size=600k');
    context.skip(why !== null, why ?? '');
    await run(config, { runDir: join(directory, 'whole') });
    const runDir = join(disk, 'run');
    const error = await errorOf(run(config, { runDir }));
    expect(error).toMatchObject({
      message: `cannot write ${join(runDir, 'checkpoints')}: the disk is full (ENOSPC)`,
      exitCode: 1,
    });
    const { step } = (await readCheckpoint(join(runDir, 'checkpoints/last'))).state;
    expect(step).toBe(9); // that of step 12 would be the third
    execFileSync('mount', ['-o', 'remount,size=4m', disk]);
    await run(config, { runDir, resume: true });
    expect(runResults(runDir)).toEqual(runResults(join(directory, 'whole')));
  });
});

test('a place that cannot be written is named with the reason', async (context) => {
  const place = join(directory, 'place');
  mkdirSync(place);
  const isRoot = process.getuid?.() === 0; // whom permissions do not stop
  const why = isRoot ? mount(place, 'ro') : null;
  context.skip(why !== null, why ?? '');
  if (!isRoot) chmodSync(place, 0o555);
  const runDir = join(place, 'run');
  const reason = isRoot ? 'the file system is read-only (EROFS)' : 'permission denied (EACCES)';
  expect((await errorOf(run({}, { runDir }))).message).toBe(`cannot write ${runDir}: ${reason}`);
});

/** Mounts a file system in memory until the test ends; says why where that is not possible. */
function mount(path: string, options: string): string | null {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', path], { stdio: 'ignore' });
  } catch {
    return 'mounting a small file system needs root';
  }
  onTestFinished(() => void execFileSync('umount', [path]));
  return null;
}
