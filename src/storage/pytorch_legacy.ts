import type { FileHandle } from 'node:fs/promises';
import { type Meanings, PickleDict, unpickle } from './pickle.js';
import { isSize, type StorageReference } from './pytorch_objects.js';
import type { ReadStorage } from './pytorch_tensors.js';
import { readExactly } from './read_exactly.js';

/** What files of torch.save before version 1.6 begin with: a pickle of the number that stands for the format. */
const MAGIC = 0x1950a86a20f9469cfc6cn;
const MAGIC_OPCODES = Buffer.from('8a0a6cfc9c46f9206aa850192e', 'hex');
const PROTO = 0x80;
/** Within these there is the number, behind opcodes that say the protocol and, from protocol 4 on, a length. */
export const LEGACY_BEGINNING = 11 + MAGIC_OPCODES.length;

/** @param beginning the first bytes of a file, `LEGACY_BEGINNING` if it has as many */
export function looksLikeLegacy(beginning: Uint8Array): boolean {
  return beginning[0] === PROTO && Buffer.from(beginning).includes(MAGIC_OPCODES);
}

const VERSION = 1001;
/** Names and shapes; the numbers follow them. */
const MAX_PICKLES_BYTES = 16 << 20;
const LENGTH_BYTES = 8;

/** What such a file holds: its pickled object, and where its storages are. */
export interface LegacyFile {
  readonly value: unknown;
  readonly readStorage: ReadStorage;
}

/**
 * Reads the older format of torch.save: five pickles (magic number, version, machine, object, keys of storages), then
 * of each storage its length in elements (8 bytes, little-endian) and its bytes.
 * @param referenced collects the storages that `meanings` met in the pickle, by key
 * @throws what `meanings.fail` makes, system errors
 */
export async function readLegacy(
  handle: FileHandle,
  size: number,
  meanings: Meanings,
  referenced: ReadonlyMap<string, StorageReference>,
): Promise<LegacyFile> {
  const { fail } = meanings;
  const head = new Uint8Array(Math.min(size, MAX_PICKLES_BYTES));
  const tooShort = (length: number) => fail(`expected more bytes, got ${length}`);
  await readExactly(handle, head, 0, tooShort);
  let at = 0;
  const next = () => {
    const { value, end } = unpickle(head, at, meanings);
    at = end;
    return value;
  };
  if (next() !== MAGIC) throw fail('expected the number of the older format, got another');
  if (next() !== VERSION) throw fail(`expected version ${VERSION} of the older format, got another`);
  const machine = next();
  if (!(machine instanceof PickleDict) || machine.entries.get('little_endian') !== true) {
    throw fail('expected numbers of a little-endian machine, got others');
  }
  const value = next();
  const keys = next();
  if (!Array.isArray(keys)) throw fail('expected a list of storages, got something else');
  const places = new Map<string, { readonly start: number; readonly bytes: number }>();
  for (const key of keys) {
    const storage = referenced.get(key);
    if (!storage || places.has(key)) throw fail('expected each storage of the tensors once, got others');
    const length = new Uint8Array(LENGTH_BYTES);
    await readExactly(handle, length, at, tooShort);
    const counted = Number(new DataView(length.buffer).getBigUint64(0, true));
    if (counted !== storage.length) {
      throw fail(`storage ${JSON.stringify(key)}: expected ${storage.length} elements, got ${counted}`);
    }
    const place = { start: at + LENGTH_BYTES, bytes: storage.length * storage.type.bytes };
    places.set(key, place);
    at = place.start + place.bytes;
    if (!isSize(at) || at > size) throw fail(`expected at least ${at} bytes, got ${size}`);
  }
  if (at !== size) throw fail(`expected ${at} bytes, got ${size}`);
  return {
    value,
    readStorage: async ({ key, length, type }) => {
      const place = places.get(key);
      // The same key may have been met with another length.
      if (place?.bytes !== length * type.bytes)
        throw fail(`storage ${JSON.stringify(key)}: expected its ${length} numbers, got others`);
      const bytes = new Uint8Array(place.bytes);
      await readExactly(handle, bytes, place.start, tooShort);
      return bytes;
    },
  };
}
