import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { planFromResolved } from '../config/load_plan.js';
import type { Plan } from '../config/resolve.js';
import { UserError } from '../errors.js';
import { fromStateDict, type ModelState } from '../model/state.js';
import { notARun } from '../runs/not_a_run.js';
import { readWeights } from '../storage/checkpoints.js';
import { hasCheckpoint, runPaths } from '../storage/run_directory.js';
import { commandLine, quoted } from '../terminal/command_line.js';

/** A trained model, to be used and not trained on. */
export interface OpenedCheckpoint {
  /** The checkpoint, as a path that the user knows. */
  readonly directory: string;
  /** Updates that its weights have seen. */
  readonly step: number;
  /** What it was trained with: network, preprocessing, classes. */
  readonly plan: Plan;
  /** Its weights; the optimizer's state is that of a start. */
  readonly state: ModelState;
}

/**
 * Opens what a command is given for a trained model: a run directory, which stands for its best checkpoint, or a
 * checkpoint directory, of which state.json and model.safetensors are read.
 * @param backend replaces the backend of the config
 * @throws UserError where it is neither, is damaged, or holds parameters of another model
 */
export async function openCheckpoint(source: string, backend?: string): Promise<OpenedCheckpoint> {
  const directory = await checkpointDirectory(source);
  const { tensors, state } = await readWeights(directory);
  const trained = planFromResolved(state.config, join(directory, 'state.json'));
  const plan =
    backend === undefined ? trained : planFromResolved({ ...trained.config, backend }, '--backend');
  const weights = fromStateDict(plan.network, tensors, directory);
  return { directory, step: state.step, plan, state: { ...weights, slots: new Map() } };
}

/** A run directory stands for its best checkpoint. */
async function checkpointDirectory(source: string): Promise<string> {
  if (existsSync(join(source, 'state.json'))) return source;
  const { plan, checkpoints } = runPaths(source);
  if (existsSync(checkpoints) && (await hasCheckpoint(source, 'best'))) return join(checkpoints, 'best');
  if (!existsSync(plan)) throw await notARun(source, 'a run directory or a checkpoint');
  if (!(await hasCheckpoint(source, 'last'))) {
    throw new UserError(`${source}: the run has no checkpoint: neither checkpoints/best nor last is there`, {
      hint: `Train it: ${commandLine(['run', 'CONFIG', '--run-dir', source, '--resume'])}`,
      exitCode: 2,
    });
  }
  throw new UserError(`${source}: the run has no checkpoints/best yet: it comes with the first evaluation`, {
    hint: `Name a checkpoint, such as ${quoted(join(checkpoints, 'last'))}`,
    exitCode: 2,
  });
}
