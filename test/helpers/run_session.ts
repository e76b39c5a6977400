import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { type LoadedPlan, loadPlan } from '../../src/config/load_plan.js';
import { UserError } from '../../src/errors.js';
import type { ModelState } from '../../src/model/state.js';
import { CheckpointWriter } from '../../src/pipeline/checkpoint.js';
import type { Environment } from '../../src/pipeline/environment.js';
import { type Position, START } from '../../src/pipeline/progress.js';
import { openRunSession, type RunRequest, type RunSession } from '../../src/pipeline/run_session.js';
import { fakeProgram } from './fake_program.js';
import { temporaryDirectory } from './temporary_directory.js';
import { tinyConfig } from './tiny_config.js';

export const ENVIRONMENT: Environment = {
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
/** Where `stoppedRun` stops. */
export const POSITION: Position = {
  ...START,
  step: 5,
  step_in_epoch: 5,
  epoch_totals: { count: 40, loss: 0.1 + 0.2 },
};

export const TRAIN_LINE = {
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

/** Other parameters than those that a run starts with. */
export function halved({ parameters, buffers, slots }: ModelState): ModelState {
  const half = [...parameters].map(
    ([name, { shape, data }]) => [name, { shape, data: data.map((x) => x / 2) }] as const,
  );
  return { parameters: new Map(half), buffers, slots };
}

/** What a call throws, which must be a user's error. */
export async function errorOf(promise: Promise<unknown>): Promise<UserError> {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(UserError);
  return error as UserError;
}

/** A directory with the tiny config, and what opens sessions on `runDir` below it. */
export interface SessionFixture {
  readonly directory: string;
  readonly runDir: string;
  readonly loaded: LoadedPlan;
  /** The tiny config with some of its keys replaced. */
  load(...sets: string[]): Promise<LoadedPlan>;
  open(request?: Partial<RunRequest>, config?: LoadedPlan, environment?: Environment): Promise<RunSession>;
  resume(config?: LoadedPlan): Promise<RunSession>;
}

export async function sessionFixture(): Promise<SessionFixture> {
  const directory = temporaryDirectory();
  const runDir = join(directory, 'run');
  const file = join(directory, 'tiny.yaml');
  writeFileSync(file, tinyConfig());
  const load = (...sets: string[]) => loadPlan(file, sets);
  const loaded = await load();
  const open: SessionFixture['open'] = (request = {}, config = loaded, environment = ENVIRONMENT) =>
    openUnfinished(config, { runDir, resume: false, init: undefined, ...request }, environment, noFiles);
  return { directory, runDir, loaded, load, open, resume: (config) => open({ resume: true }, config) };
}

async function noFiles(): Promise<never> {
  throw new Error('the data set has no image files');
}

/** Where there is something left to do: these tests finish no run. */
async function openUnfinished(...given: Parameters<typeof openRunSession>): Promise<RunSession> {
  const session = await openRunSession(...given);
  if ('summary' in session) throw new Error('expected a run that goes on');
  return session;
}

/** A run that was stopped after step 5, and what its parameters were. */
export async function stoppedRun({ loaded, open }: SessionFixture): Promise<ModelState> {
  const session = await open();
  session.recorder.train(TRAIN_LINE);
  const trained = halved(session.state);
  const program = fakeProgram({ state: trained });
  const writer = new CheckpointWriter(loaded.plan, program, session.recorder, session.paths, null);
  await writer.save(POSITION, ['last']);
  await writer.settle();
  session.recorder.train({ ...TRAIN_LINE, step: 6 });
  await session.close();
  return trained;
}
