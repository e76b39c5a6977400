import { existsSync } from 'node:fs';
import { open, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { printable } from '../config/words.js';
import { digestFile } from '../data/digest.js';
import { UserError } from '../errors.js';
import { AVERAGE_FILE, MODEL_FILE } from '../storage/checkpoints.js';
import { fileError } from '../storage/file_error.js';
import { BEGINNING_BYTES, looksLikePytorch, readPytorch } from '../storage/pytorch_file.js';
import { readSafetensors, type StateTensor } from '../storage/safetensors.js';
import { checkpointDirectory } from './checkpoint_directory.js';

/** Weights that a run can start from. */
export interface WeightsSource {
  readonly tensors: ReadonlyMap<string, StateTensor>;
  /** The keys of the dicts that they were in, in a file of PyTorch (`model.state_dict`); else empty. */
  readonly inside: string;
  /** Of the file's content, 64 hexadecimal digits in lower case. */
  readonly sha256: string;
}

/**
 * Reads weights by what is there: a run directory (its best checkpoint), a checkpoint, a file of torch.save, or safetensors.
 * @throws UserError where it is none of them, or is damaged
 */
export async function readWeightsSource(source: string): Promise<WeightsSource> {
  const file = await weightsFile(source);
  const { tensors, inside } = (await isPytorch(file))
    ? await readPytorch(file)
    : { tensors: (await readSafetensors(file)).tensors, inside: '' };
  const sha256 = await readable(file, digestFile(file, 'sha256'));
  return { tensors, inside, sha256 };
}

async function weightsFile(source: string): Promise<string> {
  // No file has such a name, and Node.js does not even look for it.
  if (source.includes('\0')) {
    const hint = 'Name another file.';
    throw new UserError(`${printable(source)}: expected a path, got one with a NUL`, { hint, exitCode: 2 });
  }
  const status = await readable(source, stat(source));
  if (!status.isDirectory()) return source;
  // Resolved once: a running training may move the link meanwhile.
  const directory = await checkpointDirectory(source);
  const real = await readable(directory, realpath(directory));
  // What its evaluations are of.
  const average = join(real, AVERAGE_FILE);
  return existsSync(average) ? average : join(real, MODEL_FILE);
}

async function isPytorch(file: string): Promise<boolean> {
  const handle = await readable(file, open(file, 'r'));
  try {
    const { bytesRead, buffer } = await handle.read(new Uint8Array(BEGINNING_BYTES), 0, BEGINNING_BYTES, 0);
    return looksLikePytorch(buffer.subarray(0, bytesRead));
  } finally {
    await handle.close();
  }
}

function readable<T>(file: string, reading: Promise<T>): Promise<T> {
  return reading.catch((error: unknown) => Promise.reject(fileError('read', file, error)));
}
