import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { digestFile } from '../../src/storage/digest.js';
import { temporaryDirectory } from '../helpers/temporary_directory.js';

it.each([
  ['md5', 'abc', '900150983cd24fb0d6963f7d28e17f72'],
  ['md5', '', 'd41d8cd98f00b204e9800998ecf8427e'],
  ['sha256', 'abc', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
] as const)('%s of "%s"', async (algorithm, text, hex) => {
  const path = join(temporaryDirectory(), 'file');
  await writeFile(path, text);
  expect(await digestFile(path, algorithm)).toBe(hex);
});

it('reads files longer than one piece, and stops when told to', async () => {
  const path = join(temporaryDirectory(), 'file');
  await writeFile(path, Buffer.alloc(3_000_001, 'a'));
  // md5sum of 3,000,001 letters a.
  expect(await digestFile(path, 'md5')).toBe('c903251beb2733c568e37a9ede530b1c');
  await expect(digestFile(path, 'md5', AbortSignal.abort(new Error('stop')))).rejects.toThrow('stop');
});
