import { lstat, mkdir, readdir, readlink, realpath, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { systemErrorCode, UserError } from '../errors.js';
import { fsyncDirectory, replaceSymlink, writeNewFile } from './atomic.js';
import { checkpointHint } from './checkpoint_hint.js';
import { type CheckpointState, encodeCheckpointState, readCheckpointState } from './checkpoint_state.js';
import { fileError } from './file_error.js';
import { makeDirectory } from './make_directory.js';
import {
  encodeSafetensors,
  isCounter,
  type NamedTensor,
  readSafetensors,
  type StateTensor,
} from './safetensors.js';
import { temporaryName } from './temporary_name.js';

export type { CheckpointState } from './checkpoint_state.js';

/** The two checkpoints that a run keeps: the newest, and the one of the best evaluation. */
export type CheckpointLink = 'last' | 'best';

/** All that a run needs to go on; names are those of PyTorch's state dict (`conv1.weight`). */
export interface Checkpoint {
  /** Parameters and buffers, in the order of the state dict. */
  readonly tensors: ReadonlyMap<string, StateTensor>;
  /** Optimizer slot (`exp_avg`; no dots) → parameter → tensor. A slot holds at least one tensor. */
  readonly slots: ReadonlyMap<string, ReadonlyMap<string, NamedTensor>>;
  /** The average of the weights, as `tensors`; only where `state.averaged` counts what it goes over. */
  readonly average?: ReadonlyMap<string, StateTensor>;
  readonly state: CheckpointState;
}

/** Parameters and buffers, in a checkpoint's directory. */
export const MODEL_FILE = 'model.safetensors';
/** Their average over the training, where there is one. */
export const AVERAGE_FILE = 'average.safetensors';
const OPTIMIZER_FILE = 'optimizer.safetensors';
const STATE_FILE = 'state.json';

/**
 * In the order in which links move. A kill between the two must not leave a `last` whose state claims a best that
 * `best` does not hold; the other way round, the resumed run finds the same best again.
 */
const LINKS: readonly CheckpointLink[] = ['best', 'last'];
/** A finished checkpoint (`step-00000042`, `step-00000042-2`) or what a killed writer left behind. */
const OWN_DIRECTORY = /^(step-\d{8,}(-\d+)?|\.step-\d{8,}\..*\.tmp)$/;
const OWN_TEMPORARY_LINK = /^\.(last|best)\..*\.tmp$/;

/**
 * Writes a checkpoint beside the earlier ones, points `links` at it and removes those that no link names any more.
 * At every moment, a kill or power failure included, each link names a whole checkpoint. The tensors must not
 * change until the promise is fulfilled, with the path of the new directory.
 * Throws a UserError where the place cannot be written; the links then still name the earlier checkpoints.
 */
export async function saveCheckpoint(
  checkpointsDir: string,
  checkpoint: Checkpoint,
  links: readonly CheckpointLink[],
): Promise<string> {
  const stepName = `step-${String(checkpoint.state.step).padStart(8, '0')}`;
  const building = temporaryName(join(checkpointsDir, stepName));
  const files = encodeCheckpoint(checkpoint);
  try {
    await makeDirectory(checkpointsDir);
    await mkdir(building);
    for (const [name, content] of files) await writeNewFile(join(building, name), content);
    await fsyncDirectory(building);
    const name = await renameToFreeName(building, checkpointsDir, stepName);
    await fsyncDirectory(checkpointsDir);
    for (const link of LINKS) {
      if (!links.includes(link)) continue;
      await adoptCopiedDirectory(checkpointsDir, link);
      await replaceSymlink(join(checkpointsDir, link), name);
    }
    await removeUnnamed(checkpointsDir);
    return join(checkpointsDir, name);
  } catch (error) {
    await rm(building, { recursive: true, force: true }).catch(() => undefined); // report the first error
    throw fileError('write', checkpointsDir, error);
  }
}

/**
 * Reads the checkpoint in `directory` (`checkpoints/last`, or a copy of one).
 * Throws a UserError that names the file at fault where one is missing, cut short or not a gnet checkpoint's.
 */
export async function readCheckpoint(directory: string): Promise<Checkpoint> {
  const real = await resolveLink(directory);
  const weights = await readWeights(real);
  const { tensors } = await readSafetensors(join(real, OPTIMIZER_FILE));
  return { ...weights, slots: splitSlots(tensors, weights.tensors, join(real, OPTIMIZER_FILE)) };
}

/** As `readCheckpoint`, without the state of the optimizer: what the use of a trained model needs. */
export async function readWeights(directory: string): Promise<Omit<Checkpoint, 'slots'>> {
  const real = await resolveLink(directory);
  const state = await readCheckpointState(join(real, STATE_FILE));
  const { tensors } = await readSafetensors(join(real, MODEL_FILE));
  if (state.averaged === undefined) return { tensors, state };
  const { tensors: average } = await readSafetensors(join(real, AVERAGE_FILE));
  return { tensors, average, state };
}

/** Resolved once: the files of one checkpoint, even if a running training moves the link meanwhile. */
async function resolveLink(directory: string): Promise<string> {
  try {
    return await realpath(directory);
  } catch (error) {
    const target = await readlink(directory).catch(() => undefined);
    if (target === undefined || systemErrorCode(error) !== 'ENOENT')
      throw fileError('read', directory, error);
    throw new UserError(`${directory}: expected a checkpoint, got a link to ${target}, which is not there`, {
      hint: checkpointHint(directory),
      cause: error,
    });
  }
}

function encodeCheckpoint({
  tensors: model,
  slots,
  average,
  state,
}: Checkpoint): Map<string, string | Uint8Array[]> {
  const slotTensors = new Map<string, NamedTensor>();
  for (const [slot, tensors] of slots) {
    if (slot.includes('.')) throw new Error(`optimizer slot ${slot}: expected a name without dots`);
    for (const [name, tensor] of tensors) slotTensors.set(`${slot}.${name}`, tensor);
  }
  return new Map<string, string | Uint8Array[]>([
    // 'pt' is what loaders for PyTorch look for; names and layouts are PyTorch's.
    [MODEL_FILE, encodeSafetensors(model, { format: 'pt' })],
    ...(average ? [[AVERAGE_FILE, encodeSafetensors(average, { format: 'pt' })] as const] : []),
    [OPTIMIZER_FILE, encodeSafetensors(slotTensors)],
    [STATE_FILE, encodeCheckpointState(state)],
  ]);
}

function splitSlots(
  tensors: ReadonlyMap<string, StateTensor>,
  model: ReadonlyMap<string, StateTensor>,
  path: string,
): Map<string, Map<string, NamedTensor>> {
  const slots = new Map<string, Map<string, NamedTensor>>();
  for (const [fullName, tensor] of tensors) {
    const dot = fullName.indexOf('.');
    const slot = fullName.slice(0, Math.max(dot, 0));
    const name = fullName.slice(dot + 1);
    if (slot === '' || !model.has(name) || isCounter(tensor)) {
      const problem = `expected a slot and a parameter of ${MODEL_FILE}, such as exp_avg.conv1.weight`;
      const hint = 'The two files are not of one checkpoint: name another checkpoint directory.';
      throw new UserError(`${path}: tensor ${JSON.stringify(fullName)}: ${problem}`, { hint });
    }
    const ofSlot = slots.get(slot) ?? new Map<string, NamedTensor>();
    slots.set(slot, ofSlot.set(name, tensor));
  }
  return slots;
}

/** Renames to `name`, or `name-2` … where checkpoints of that step exist (a run killed before its link moved). */
async function renameToFreeName(from: string, directory: string, name: string): Promise<string> {
  for (let attempt = 1; ; attempt++) {
    const free = attempt === 1 ? name : `${name}-${attempt}`;
    try {
      await rename(from, join(directory, free)); // onto a directory with files in it, this fails
      return free;
    } catch (error) {
      const code = systemErrorCode(error);
      if (code !== 'ENOTEMPTY' && code !== 'EEXIST') throw error;
    }
  }
}

/** Copying a run (scp, zip) can turn a link into a directory; it becomes a checkpoint like any other. */
async function adoptCopiedDirectory(checkpointsDir: string, link: CheckpointLink): Promise<void> {
  const path = join(checkpointsDir, link);
  const stat = await lstat(path).catch(() => undefined);
  if (!stat?.isDirectory()) return;
  const { step } = await readCheckpointState(join(path, STATE_FILE));
  const name = `step-${String(step).padStart(8, '0')}`;
  await replaceSymlink(path, await renameToFreeName(path, checkpointsDir, name));
}

async function removeUnnamed(checkpointsDir: string): Promise<void> {
  const named = new Set<string>();
  for (const link of LINKS) {
    const target = await readlink(join(checkpointsDir, link)).catch((error: unknown) => {
      // Only "no link yet" and "not a link" are certain to name nothing: no guess may delete a checkpoint.
      if (systemErrorCode(error) === 'ENOENT' || systemErrorCode(error) === 'EINVAL') return undefined;
      throw error;
    });
    if (target !== undefined) named.add(basename(target));
  }
  for (const entry of await readdir(checkpointsDir, { withFileTypes: true })) {
    const leftover = entry.isDirectory() ? OWN_DIRECTORY : OWN_TEMPORARY_LINK;
    if (!leftover.test(entry.name) || named.has(entry.name)) continue;
    await rm(join(checkpointsDir, entry.name), { recursive: true, force: true });
  }
}
