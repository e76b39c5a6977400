import { existsSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { initialState } from '../../src/model/state.js';
import { CheckpointWriter } from '../../src/pipeline/checkpoint.js';
import { START } from '../../src/pipeline/progress.js';
import { Recorder } from '../../src/pipeline/recorder.js';
import { readCheckpoint } from '../../src/storage/checkpoints.js';
import { runPaths } from '../../src/storage/run_directory.js';
import { fakeProgram } from '../helpers/fake_program.js';
import { temporaryDirectory } from '../helpers/temporary_directory.js';
import { factsOf, tinyPlan } from '../helpers/tiny_plan.js';

function writer(savedStep: number | null = null) {
  const plan = tinyPlan({ schedule: { type: 'constant' } });
  const paths = runPaths(temporaryDirectory());
  const recorder = Recorder.open(paths, null, factsOf(plan));
  onTestFinished(() => recorder.close());
  const state = initialState(plan);
  const checkpoints = new CheckpointWriter(plan, fakeProgram({ state }), recorder, paths, savedStep);
  return { plan, paths, recorder, state, checkpoints, last: join(paths.checkpoints, 'last') };
}

const at = (step: number) => ({ ...START, step, step_in_epoch: step });
const TEST_LINE = { split: 'test', step: 3, epoch: 1, loss: 2, accuracy: 0.5, correct: 1, count: 2 } as const;
const EPOCH_LINE = {
  ...TEST_LINE,
  split: 'train_epoch',
  main_loss: 1,
  aux_loss: {},
  learning_rate: 1,
  images_per_second: 1,
} as const;

test('a checkpoint holds the state, the position, the config and the length of the logs', async () => {
  const { plan, paths, recorder, state, checkpoints, last } = writer();
  expect(checkpoints.lastSaved).toBeNull();
  recorder.epoch(EPOCH_LINE, TEST_LINE, TEST_LINE);
  await checkpoints.save(at(3), ['last', 'best']);
  await checkpoints.settle();
  expect(checkpoints.lastSaved).toEqual({ directory: last, step: 3 });
  const saved = await readCheckpoint(last);
  expect(saved.tensors).toEqual(state.parameters);
  expect(saved.slots).toEqual(state.slots);
  const events = readdirSync(paths.directory).find((name) => name.startsWith('events.'))!;
  expect(saved.state).toEqual({
    version: 1,
    ...at(3),
    metrics_bytes: statSync(paths.metrics).size,
    events: { file: events, bytes: statSync(join(paths.directory, events)).size },
    config: JSON.parse(JSON.stringify(plan.config)),
    dataset: plan.dataset,
  });
  expect(saved.state.metrics_bytes).toBeGreaterThan(100);
});

test('one that is not finite is refused, and the earlier one stays', async () => {
  const { state, checkpoints, last } = writer();
  await checkpoints.save(at(3), ['last']);
  await checkpoints.settle();
  state.slots.get('exp_avg_sq')!.get('fc.weight')!.data[5] = Number.POSITIVE_INFINITY;
  await expect(checkpoints.save(at(6), ['last'])).rejects.toThrow(
    `training diverged at step 6 with learning rate 0.01: exp_avg_sq of fc.weight is not finite. The last good checkpoint is ${last} (step 3).`,
  );
  expect(checkpoints.lastSaved).toEqual({ directory: last, step: 3 });
  expect((await readCheckpoint(last)).state.step).toBe(3);
});

test('knows the checkpoint that a resumed run found', async () => {
  const { checkpoints, last } = writer(12);
  expect(checkpoints.lastSaved).toEqual({ directory: last, step: 12 });
  expect(existsSync(last)).toBe(false);
});

test('holds the state of its step, though the next step changes it while it is written', async () => {
  const { state, checkpoints, last } = writer();
  const { data } = state.parameters.get('fc.weight')!;
  for (const step of [3, 6]) {
    data.fill(step);
    await checkpoints.save(at(step), ['last']);
    data.fill(-1);
  }
  await checkpoints.settle();
  const saved = await readCheckpoint(last);
  expect(saved.state.step).toBe(6);
  expect(new Set(saved.tensors.get('fc.weight')!.data as Float32Array)).toEqual(new Set([6]));
});

test('a disk that takes no checkpoint is reported by the next save and by settle', async () => {
  const { paths, checkpoints } = writer();
  writeFileSync(paths.checkpoints, 'a file where the directory should be');
  await checkpoints.save(at(3), ['last']);
  await expect(checkpoints.save(at(6), ['last'])).rejects.toThrow(paths.checkpoints);
  await expect(checkpoints.settle()).rejects.toThrow(paths.checkpoints);
  expect(checkpoints.lastSaved).toBeNull();
});
