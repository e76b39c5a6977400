import { realpath } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { planFromResolved } from '../config/load_plan.js';
import type { Plan } from '../config/resolve.js';
import { UserError } from '../errors.js';
import { fromStateDict, type ModelState } from '../model/state.js';
import { checkpointDirectory } from '../runs/checkpoint_directory.js';
import { storedPlan } from '../runs/stored_plan.js';
import { readWeights } from '../storage/checkpoints.js';
import { runPaths } from '../storage/run_directory.js';

/** The average of the weights over the training, or those that training changed. */
export type WeightsChoice = 'average' | 'trained';

/** A trained model, to be used and not trained on. */
export interface OpenedCheckpoint {
  /** The checkpoint, as a path that the user knows. */
  readonly directory: string;
  /** Updates that its weights have seen. */
  readonly step: number;
  /** Whether the test set has chosen it among the checkpoints of its run. */
  readonly chosenOnTest: boolean;
  /** What it was trained with: network, preprocessing, classes. */
  readonly plan: Plan;
  /** Where its run lists its images, if it is in a run and that has image files. */
  readonly images: string;
  /** Which weights it holds; null where there is no choice: it has no average. */
  readonly weights: WeightsChoice | null;
  /** Its weights; the optimizer's state is that of a start. */
  readonly state: ModelState;
}

/**
 * Opens what a command is given for a trained model: a run directory, which stands for its best checkpoint, or a
 * checkpoint directory, of which state.json and model.safetensors are read.
 * @param backend replaces the backend of the config
 * @param wanted which weights, the average where there is one if not given
 * @throws UserError where it is neither, is damaged, or holds parameters of another model
 */
export async function openCheckpoint(
  source: string,
  backend?: string,
  wanted?: WeightsChoice,
): Promise<OpenedCheckpoint> {
  const directory = await checkpointDirectory(source);
  const { tensors: trainedTensors, average, state } = await readWeights(directory);
  if (wanted === 'average' && !average) {
    throw new UserError(`--weights average: ${directory} has no average of its weights`, {
      hint: 'Leave --weights out. Averages come with the key average of a config.',
      exitCode: 2,
    });
  }
  const tensors = (wanted !== 'trained' && average) || trainedTensors;
  const trained = storedPlan(state, join(directory, 'state.json'));
  const plan =
    backend === undefined
      ? trained
      : planFromResolved({ ...trained.config, backend }, '--backend', trained.dataset);
  const chosenOnTest = plan.dataset.chosenOn === 'test' && state.best?.step === state.step;
  const weights = fromStateDict(plan.network, tensors, directory);
  const { images } = runPaths(dirname(dirname(await realpath(directory))));
  return {
    directory,
    step: state.step,
    chosenOnTest,
    plan,
    images,
    weights: average ? (wanted ?? 'average') : null,
    state: { ...weights, slots: new Map() },
  };
}

/** What is said of a result where there was a choice of weights. */
export function describeWeights(weights: WeightsChoice | null): string {
  return weights === null ? '' : `, ${weights === 'average' ? 'averaged' : 'trained'} weights`;
}
