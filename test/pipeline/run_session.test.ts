import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { type LoadedPlan, loadPlan } from '../../src/config/load_plan.js';
import { UserError } from '../../src/errors.js';
import { initialState, type ModelState } from '../../src/model/state.js';
import { CheckpointWriter } from '../../src/pipeline/checkpoint.js';
import type { Environment } from '../../src/pipeline/environment.js';
import { type Position, START } from '../../src/pipeline/progress.js';
import { openRunSession, type RunRequest, type RunSession } from '../../src/pipeline/run_session.js';
import { encodeSafetensors } from '../../src/storage/safetensors.js';
import { fakeProgram } from '../helpers/fake_program.js';
import { readJson } from '../helpers/run_results.js';
import { snapshot } from '../helpers/snapshot.js';
import { temporaryDirectory } from '../helpers/temporary_directory.js';
import { tinyConfig } from '../helpers/tiny_config.js';

const ENVIRONMENT: Environment = {
  started_at: '2026-01-31T12:00:00.000Z',
  command: ['run', 'tiny.yaml'],
  backend: 'onnxruntime-cpu',
  backend_reason: 'as configured',
  threads: 1,
  versions: {},
  platform: 'test',
  cpu: 'test',
  cpu_count: 1,
  memory_bytes: 1,
  gpu: null,
  git_commit: null,
};
const POSITION: Position = {
  ...START,
  step: 5,
  step_in_epoch: 5,
  epoch_totals: { count: 40, loss: 0.1 + 0.2 },
};

let directory: string;
let runDir: string;
let loaded: LoadedPlan;

beforeEach(async () => {
  directory = temporaryDirectory();
  runDir = join(directory, 'run');
  loaded = await load();
});

async function load(...sets: string[]): Promise<LoadedPlan> {
  const file = join(directory, 'tiny.yaml');
  writeFileSync(file, tinyConfig());
  return loadPlan(file, sets);
}

function open(request: Partial<RunRequest> = {}, config = loaded, environment = ENVIRONMENT) {
  return openRunSession(config, { runDir, resume: false, init: undefined, ...request }, environment);
}

const resume = (config = loaded) => open({ resume: true }, config);

/** A run that was stopped after step 5, and what its parameters were. */
async function stoppedRun(): Promise<ModelState> {
  const session = await open();
  session.recorder.train(TRAIN_LINE);
  const trained = halved(session.state);
  const program = fakeProgram({ state: trained });
  const writer = new CheckpointWriter(loaded.plan, program, session.recorder, session.paths, null);
  await writer.save(POSITION, ['last']);
  session.recorder.train({ ...TRAIN_LINE, step: 6 });
  await session.close();
  return trained;
}

const TRAIN_LINE = {
  split: 'train',
  step: 5,
  epoch: 1,
  loss: 2,
  main_loss: 1,
  aux_loss: { head: 1 },
  accuracy: 0.5,
  learning_rate: 0.01,
  images_per_second: 100,
} as const;

function halved({ parameters, slots }: ModelState): ModelState {
  const half = [...parameters].map(
    ([name, { shape, data }]) => [name, { shape, data: data.map((x) => x / 2) }] as const,
  );
  return { parameters: new Map(half), slots };
}

/** What a call throws, which must be a user's error. */
async function errorOf(promise: Promise<RunSession>): Promise<UserError> {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(UserError);
  return error as UserError;
}

describe('a new run', () => {
  test('has a directory with the config as written and as resolved, and is locked', async () => {
    const session = await open();
    expect(session).toMatchObject({ position: START, resumed: false, savedStep: null });
    expect(session.state).toEqual(initialState(loaded.plan));
    expect(readFileSync(join(runDir, 'config.yaml'), 'utf8')).toBe(tinyConfig());
    expect(readJson(join(runDir, 'plan.json'))).toEqual(JSON.parse(JSON.stringify(loaded.plan)));
    expect(readJson(join(runDir, 'environment.json'))).toEqual({ ...ENVIRONMENT, earlier_sessions: [] });
    const error = await errorOf(resume());
    expect(error.message).toContain(`the run directory is in use: process ${process.pid} trains there`);
    await session.close();
    expect(existsSync(join(runDir, '.lock'))).toBe(false);
    await (await resume()).close();
  });

  test('with --resume, where there is nothing to go on with', async () => {
    const session = await resume();
    expect(session).toMatchObject({ position: START, resumed: false });
    await session.close();
    expect(existsSync(join(runDir, 'plan.json'))).toBe(true);
  });

  test('does not start where another is', async () => {
    await stoppedRun();
    const before = snapshot(runDir);
    const error = await errorOf(open());
    expect(error).toMatchObject({
      message: `--run-dir ${runDir}: expected a new directory, got one that holds a run`,
      hint: 'Add --resume to go on with that run, or name another directory.',
      exitCode: 2,
    });
    expect(snapshot(runDir)).toEqual(before);
  });

  test.each([false, true])('does not start in a file (resume: %s)', async (resuming) => {
    writeFileSync(runDir, 'precious');
    expect(await errorOf(open({ resume: resuming }))).toMatchObject({
      message: `--run-dir ${runDir}: expected a directory, got a file`,
      exitCode: 2,
    });
    const below = join(runDir, 'below');
    expect((await errorOf(open({ runDir: below }))).message).toContain(`cannot write ${below}`);
    expect(readFileSync(runDir, 'utf8')).toBe('precious');
  });

  test('gives its lock back where its logs cannot be written', async () => {
    const session = await open();
    await session.close();
    for (const name of readdirSync(runDir)) rmSync(join(runDir, name));
    mkdirSync(join(runDir, 'metrics.jsonl'));
    const error = await errorOf(open());
    expect(error.message).toBe(
      `cannot write ${join(runDir, 'metrics.jsonl')}: a directory is in its place (EISDIR)`,
    );
    expect(readdirSync(runDir).sort()).toEqual(['config.yaml', 'metrics.jsonl']);
  });
});

describe('a resumed run', () => {
  test('goes on with the numbers, the position and the logs of the checkpoint', async () => {
    const trained = await stoppedRun();
    const session = await open({ resume: true }, loaded, { ...ENVIRONMENT, threads: 2 });
    onTestFinished(() => session.close());
    expect(session).toMatchObject({ position: POSITION, resumed: true, savedStep: 5 });
    expect(session.state).toEqual(trained);
    expect(readFileSync(join(runDir, 'metrics.jsonl'), 'utf8')).toBe(`${JSON.stringify(TRAIN_LINE)}\n`);
    expect(readJson(join(runDir, 'environment.json'))).toEqual({
      ...ENVIRONMENT,
      threads: 2,
      earlier_sessions: [ENVIRONMENT],
    });
  });

  test('may compute elsewhere and save at other times', async () => {
    await stoppedRun();
    await (
      await resume(
        await load('backend=wasm', 'checkpoint.every_steps=1', 'tensorboard.histograms_every_epochs=2'),
      )
    ).close();
  });

  test('refuses other changes, each with both values', async () => {
    await stoppedRun();
    const before = snapshot(runDir);
    const changed = await load(
      'seed=8',
      'optimizer={type: sgd, learning_rate: 0.5}',
      'model.layers.dropout.rate=0.4',
      'backend=wasm',
    );
    expect(await errorOf(resume(changed))).toMatchObject({
      message: [
        `${runDir}: the config differs from the one that the run began with`,
        '  seed: 7 in the run, 8 now',
        '  model.layers.2.rate: 0.3 in the run, 0.4 now',
        '  optimizer.type: "adam" in the run, "sgd" now',
        '  optimizer.learning_rate: 0.01 in the run, 0.5 now',
        '  optimizer.beta1: 0.9 in the run, nothing now',
        '  optimizer.beta2: 0.999 in the run, nothing now',
        '  optimizer.epsilon: 1e-8 in the run, nothing now',
        '  optimizer.momentum: nothing in the run, 0 now',
        '  optimizer.nesterov: nothing in the run, false now',
      ].join('\n'),
      hint: 'Undo the changes to resume, or start a new run without --resume.',
      exitCode: 2,
    });
    expect(snapshot(runDir)).toEqual(before);
  });

  const last = () => join(runDir, 'checkpoints', 'last');

  test.each<[string, () => void, string]>([
    ['a plan cut short', () => truncateSync(join(runDir, 'plan.json'), 100), 'plan.json: expected JSON, got'],
    [
      'a plan of something else',
      () => writeFileSync(join(runDir, 'plan.json'), '[]'),
      'plan.json: expected the plan of a run',
    ],
    [
      'a plan with a mistake',
      () =>
        writeFileSync(
          join(runDir, 'plan.json'),
          JSON.stringify({ config: JSON.parse(tinyConfig({ seed: -1 })) }),
        ),
      'plan.json seed: expected an integer from 0 to 4294967295, got -1',
    ],
    [
      'a model cut short',
      () => truncateSync(join(last(), 'model.safetensors'), 2000),
      'model.safetensors: not a usable',
    ],
    ['no model', () => rmSync(join(last(), 'model.safetensors')), 'model.safetensors: no such file'],
    [
      'an optimizer cut short',
      () => truncateSync(join(last(), 'optimizer.safetensors'), 9),
      'optimizer.safetensors: not a',
    ],
    [
      'a state cut short',
      () => truncateSync(join(last(), 'state.json'), 50),
      'state.json: not a usable checkpoint',
    ],
    [
      'a link that leads nowhere',
      () => rmSync(join(runDir, 'checkpoints/step-00000005'), { recursive: true }),
      'last: no such',
    ],
    [
      'parameters of another model',
      () => writeFileSync(join(last(), 'model.safetensors'), Buffer.concat(encodeSafetensors(new Map()))),
      'The two files are not of one checkpoint',
    ],
    [
      'metrics that lack lines',
      () => truncateSync(join(runDir, 'metrics.jsonl'), 10),
      'metrics.jsonl: expected at least the',
    ],
    ['no metrics', () => rmSync(join(runDir, 'metrics.jsonl')), 'got no such file'],
  ])('refuses %s and changes nothing', async (_, damage, message) => {
    await stoppedRun();
    damage();
    const before = snapshot(runDir);
    const error = await errorOf(resume());
    expect(`${error.message} ${error.hint}`).toContain(message);
    expect(error.message).toContain(runDir);
    expect(snapshot(runDir)).toEqual(before);
  });

  test('that was killed before its first checkpoint starts again from nothing', async () => {
    const session = await open();
    session.recorder.train(TRAIN_LINE);
    await session.close();
    const again = await resume();
    onTestFinished(() => again.close());
    expect(again).toMatchObject({ position: START, resumed: true, savedStep: null });
    expect(again.state).toEqual(initialState(loaded.plan));
    expect(readFileSync(join(runDir, 'metrics.jsonl'), 'utf8')).toBe('');
    expect(readdirSync(runDir).filter((name) => name.startsWith('events.'))).toHaveLength(1);
  });

  test('goes on after a damaged environment.json: history is no reason to refuse', async () => {
    await stoppedRun();
    appendFileSync(join(runDir, 'environment.json'), '}');
    await (await resume()).close();
    expect(readJson(join(runDir, 'environment.json'))).toEqual({ ...ENVIRONMENT, earlier_sessions: [] });
  });
});

describe('--init', () => {
  const file = () => join(directory, 'init.safetensors');
  const write = (parameters: ModelState['parameters']) =>
    writeFileSync(file(), Buffer.concat(encodeSafetensors(parameters)));

  test('gives the parameters, also after a kill before the first checkpoint', async () => {
    const { parameters } = halved(initialState(loaded.plan));
    write(new Map([...parameters].reverse()));
    const session = await open({ init: file() });
    expect([...session.state.parameters]).toEqual([...parameters]); // in the order of the model
    expect(session).toMatchObject({ position: START, resumed: false, savedStep: 0 });
    await session.close();
    rmSync(file());
    const again = await resume();
    onTestFinished(() => again.close());
    expect(again).toMatchObject({ position: START, resumed: true, savedStep: 0 });
    expect(again.state.parameters).toEqual(parameters);
  });

  test('with other names and shapes lists every difference, and makes no directory', async () => {
    const parameters = new Map(initialState(loaded.plan).parameters);
    parameters.set('fc.weight', { shape: [12, 8], data: new Float32Array(96) });
    parameters.set('fc.scale', parameters.get('fc.bias')!);
    parameters.delete('conv1.bias');
    write(parameters);
    const error = await errorOf(open({ init: file() }));
    expect(error.exitCode).toBe(1);
    expect(error.message.split('\n')).toEqual([
      `${file()}: the parameters are not those of the model`,
      '  conv1.bias: expected [6], not in the file',
      '  fc.weight: expected [8, 12], got [12, 8]',
      '  fc.scale [8]: not in the model',
    ]);
    expect(existsSync(runDir)).toBe(false);
  });

  test.each([
    ['is not there', () => {}, 'no such file or directory (ENOENT)'],
    [
      'is no safetensors file',
      () => writeFileSync(file(), 'PK\u0003\u0004 and so on'),
      'not a usable safetensors file',
    ],
  ])('that %s makes no directory', async (_, prepare, message) => {
    prepare();
    const error = await errorOf(open({ init: file() }));
    expect(error.message).toContain(file());
    expect(error.message).toContain(message);
    expect(existsSync(runDir)).toBe(false);
  });
});
