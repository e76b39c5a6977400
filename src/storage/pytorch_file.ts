import type { FileHandle } from 'node:fs/promises';
import { withOpenFile } from './open_file.js';
import { type Meanings, unpickle } from './pickle.js';
import { LEGACY_BEGINNING, looksLikeLegacy, readLegacy } from './pytorch_legacy.js';
import { damagedPytorch, findStateDict, pytorchMeanings, StorageReference } from './pytorch_objects.js';
import { readTensors } from './pytorch_tensors.js';
import { openStoredZip } from './pytorch_zip.js';
import { readExactly } from './read_exactly.js';
import type { StateTensor } from './safetensors.js';

/** What a file of torch.save holds. */
export interface PytorchFile {
  /** In the order of the file. */
  readonly tensors: Map<string, StateTensor>;
  /** The keys of the dicts that they were in: `model.state_dict`; empty where they are at the top. */
  readonly inside: string;
}

const ZIP_MAGIC = Buffer.from('PK\x03\x04');
/** Names and shapes: a model of a thousand tensors has 200 KB. */
const MAX_PICKLE_BYTES = 16 << 20;

/** Bytes of a file that tell its kind. */
export const BEGINNING_BYTES = LEGACY_BEGINNING;

/** Whether a file begins as those of torch.save do: a zip archive, or the older format. */
export function looksLikePytorch(beginning: Uint8Array): boolean {
  return ZIP_MAGIC.equals(beginning.subarray(0, ZIP_MAGIC.length)) || looksLikeLegacy(beginning);
}

/**
 * Reads the tensors of a file of torch.save (.pth, .pt), converted as `decodeTensor` says. Its pickle is read by a parser
 * that builds tensors and nothing else; a file that names anything else is refused, and nothing of it runs. No memory is
 * claimed beyond a small multiple of the file's size.
 * Format: https://docs.pytorch.org/docs/stable/notes/serialization.html
 * @throws UserError that names the file, and the tensor at fault
 */
export async function readPytorch(path: string): Promise<PytorchFile> {
  return withOpenFile(path, (handle) => readFrom(handle, path));
}

async function readFrom(handle: FileHandle, path: string): Promise<PytorchFile> {
  const fail = (problem: string) => damagedPytorch(path, problem);
  const { size } = await handle.stat();
  const beginning = new Uint8Array(Math.min(size, BEGINNING_BYTES));
  await readExactly(handle, beginning, 0, () => fail('expected more bytes'));
  const { value, readStorage } = looksLikeLegacy(beginning)
    ? await readOlder(handle, size, pytorchMeanings(path))
    : await readZip(path, handle, pytorchMeanings(path));
  const { tensors: views, inside } = findStateDict(value, fail);
  return { tensors: await readTensors(views, readStorage, fail), inside };
}

function readOlder(handle: FileHandle, size: number, meanings: Meanings) {
  const storages = new Map<string, StorageReference>();
  const persistent: Meanings['persistent'] = (id) => {
    const storage = meanings.persistent(id);
    if (storage instanceof StorageReference) storages.set(storage.key, storage);
    return storage;
  };
  return readLegacy(handle, size, { ...meanings, persistent }, storages);
}

async function readZip(path: string, handle: FileHandle, meanings: Meanings) {
  const { fail } = meanings;
  const zip = await openStoredZip(path, handle, fail);
  const pickles = zip.names.filter((name) => /^[^/]+\/data\.pkl$/.test(name));
  const [pickle] = pickles;
  if (pickle === undefined || pickles.length > 1) {
    throw fail(`expected one data.pkl in a folder of the archive, got ${pickles.length}`);
  }
  const inFolder = (name: string) => pickle.replace(/data\.pkl$/, name);
  if (zip.size(inFolder('constants.pkl')) !== undefined) {
    throw fail('expected a state dict, got a TorchScript program');
  }
  const order = inFolder('byteorder');
  if (zip.size(order) !== undefined && Buffer.from(await zip.read(order)).toString() !== 'little') {
    throw fail('expected numbers of a little-endian machine, got others');
  }
  const bytes = zip.size(pickle)!;
  if (bytes > MAX_PICKLE_BYTES)
    throw fail(`expected a data.pkl of at most ${MAX_PICKLE_BYTES} bytes, got ${bytes}`);
  const { value } = unpickle(await zip.read(pickle), 0, meanings);
  return {
    value,
    readStorage: async ({ key, length, type }: StorageReference) => {
      const name = inFolder(`data/${key}`);
      const expected = length * type.bytes;
      if (zip.size(name) !== expected) {
        throw fail(
          `${JSON.stringify(name)}: expected ${expected} bytes, got ${zip.size(name) ?? 'no such file'}`,
        );
      }
      return zip.read(name);
    },
  };
}
