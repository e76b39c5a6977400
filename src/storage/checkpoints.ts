import { createHash, type Hash } from 'node:crypto';
import { lstat, mkdir, readdir, readlink, realpath, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { systemErrorCode, UserError } from '../errors.js';
import { fsyncDirectory, replaceSymlink, writeNewFile } from './atomic.js';
import { checkpointHint } from './checkpoint_hint.js';
import {
  type CheckpointState,
  encodeCheckpointState,
  type FileDigests,
  readCheckpointState,
  readSealedState,
} from './checkpoint_state.js';
import { digestFile } from './digest.js';
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
  const files = encodeTensors(checkpoint);
  const digests: Record<string, string> = {};
  try {
    await makeDirectory(checkpointsDir);
    await mkdir(building);
    for (const [name, pieces] of files) {
      const hash = createHash('sha256');
      await writeNewFile(join(building, name), hashed(pieces, hash));
      digests[name] = hash.digest('hex');
    }
    await writeNewFile(join(building, STATE_FILE), encodeCheckpointState(checkpoint.state, digests));
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
  return atCheckpoint(directory, async (real) => {
    const { files, ...weights } = await readSealed(real);
    const slots = await readTensors(real, OPTIMIZER_FILE, files);
    return { ...weights, slots: splitSlots(slots, weights.tensors, join(real, OPTIMIZER_FILE)) };
  });
}

/** As `readCheckpoint`, without the state of the optimizer: what the use of a trained model needs. */
export async function readWeights(directory: string): Promise<Omit<Checkpoint, 'slots'>> {
  return atCheckpoint(directory, async (real) => {
    const { files, ...weights } = await readSealed(real);
    return weights;
  });
}

async function readSealed(real: string): Promise<Omit<Checkpoint, 'slots'> & { files: FileDigests }> {
  const { state, files } = await readSealedState(join(real, STATE_FILE));
  const tensors = await readTensors(real, MODEL_FILE, files);
  if (state.averaged === undefined) return { tensors, state, files };
  return { tensors, average: await readTensors(real, AVERAGE_FILE, files), state, files };
}

/**
 * Lets `read` read the checkpoint that `directory` leads to, by its real path. A training that runs beside moves the link
 * and deletes the earlier checkpoint: then the next one is read.
 */
export async function atCheckpoint<T>(directory: string, read: (real: string) => Promise<T>): Promise<T> {
  for (;;) {
    const target = await linkTarget(directory);
    try {
      return await read(await resolveLink(directory));
    } catch (error) {
      const isGone = error instanceof UserError && systemErrorCode(error.cause) === 'ENOENT';
      if (!isGone || (await linkTarget(directory)) === target) throw error;
    }
  }
}

async function readTensors(
  directory: string,
  name: string,
  digests: FileDigests,
): Promise<Map<string, StateTensor>> {
  const path = join(directory, name);
  // First what names the tensor at fault.
  const { tensors } = await readSafetensors(path);
  const expected = digests[name];
  const actual =
    expected === undefined
      ? expected
      : await digestFile(path, 'sha256').catch((error) => Promise.reject(fileError('read', path, error)));
  if (actual !== expected) {
    throw new UserError(
      `${path}: not the file that belongs to ${STATE_FILE}: expected SHA-256 ${expected}, got ${actual}`,
      { hint: `It was damaged, or is of another step. ${checkpointHint(directory)}` },
    );
  }
  return tensors;
}

function linkTarget(path: string): Promise<string | null> {
  return readlink(path).catch(() => null);
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

function encodeTensors({ tensors: model, slots, average }: Checkpoint): Map<string, Uint8Array[]> {
  const slotTensors = new Map<string, NamedTensor>();
  for (const [slot, tensors] of slots) {
    if (slot.includes('.')) throw new Error(`optimizer slot ${slot}: expected a name without dots`);
    for (const [name, tensor] of tensors) slotTensors.set(`${slot}.${name}`, tensor);
  }
  return new Map([
    // 'pt' is what loaders for PyTorch look for; names and layouts are PyTorch's.
    [MODEL_FILE, encodeSafetensors(model, { format: 'pt' })],
    ...(average ? [[AVERAGE_FILE, encodeSafetensors(average, { format: 'pt' })] as const] : []),
    [OPTIMIZER_FILE, encodeSafetensors(slotTensors)],
  ]);
}

/** The pieces as they are; each is hashed just before it is written. */
function* hashed(pieces: Iterable<Uint8Array>, hash: Hash): Generator<Uint8Array> {
  for (const piece of pieces) {
    hash.update(piece);
    yield piece;
  }
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

/** Removes what killed writers left and what no link names any more. @throws system errors */
export async function removeUnnamed(checkpointsDir: string): Promise<void> {
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
