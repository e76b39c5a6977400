import type { FileHandle } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { readExactly } from '../../src/storage/read_exactly.js';

/** A file of the bytes 0 to 5, of which a read returns two at most, as network file systems may. */
const handle = {
  read: async (bytes: Uint8Array, at: number, count: number, from: number) => {
    const piece = [0, 1, 2, 3, 4, 5].slice(from, from + Math.min(count, 2));
    bytes.set(piece, at);
    return { bytesRead: piece.length };
  },
} as unknown as FileHandle;

async function read(length: number, position: number) {
  const bytes = new Uint8Array(length);
  await readExactly(handle, bytes, position, (end) => new Error(`it ended at ${end}`));
  return [...bytes];
}

test('reads on until there is all of it', async () => {
  expect(await read(5, 1)).toEqual([1, 2, 3, 4, 5]);
  expect(await read(0, 9)).toEqual([]);
});

test('a file that ends before that', async () => {
  await expect(read(5, 2)).rejects.toThrow('it ended at 6');
});
