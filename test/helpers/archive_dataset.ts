import { createHash } from 'node:crypto';
import { Type } from '@sinclair/typebox';
import { type ArchiveDataset, defineArchiveDataset } from '../../src/registry/datasets/dataset.js';
import { tarGz } from './tar.js';

export const hashOf = (algorithm: 'md5' | 'sha256', bytes: Uint8Array): string =>
  createHash(algorithm).update(bytes).digest('hex');

/** `count` records of 1 + 12 bytes (3 channels, 2×2); record i has label i mod 3 and pixels of value first + i. */
export function recordBytes(count: number, first: number): Buffer {
  return Buffer.concat(
    Array.from({ length: count }, (_, i) => Buffer.from([i % 3, ...Array<number>(12).fill(first + i)])),
  );
}

/** A data set of two train files (5 and 4 records) and one test file (3), with its archive. */
export function smallDataset(options: { url?: string; table?: boolean } = {}) {
  const contents = {
    'a.bin': recordBytes(5, 10),
    'b.bin': recordBytes(4, 50),
    'test.bin': recordBytes(3, 90),
  };
  const archive = tarGz([
    { path: 'small/', type: 'Directory', mode: 0o755 },
    { path: 'small/readme.txt', content: Buffer.from('three classes') },
    ...Object.entries(contents).map(([name, content]) => ({ path: `small/${name}`, content })),
  ]);
  const file = (name: keyof typeof contents, records: number) => ({
    name,
    records,
    ...(options.table === false ? {} : { md5: hashOf('md5', contents[name]) }),
  });
  const entry: ArchiveDataset = defineArchiveDataset({
    schema: Type.Object({}),
    image: { channels: 3, height: 2, width: 2 },
    classes: ['one', 'two', 'three'],
    statistics: { mean: [0, 0, 0], std: [1, 1, 1] },
    archive: { url: options.url ?? 'http://127.0.0.1:9/small.tar.gz', md5: hashOf('md5', archive) },
    folder: 'small',
    files: { train: [file('a.bin', 5), file('b.bin', 4)], test: [file('test.bin', 3)] },
    record: { bytes: 13, labelOffset: 0, imageOffset: 1 },
  });
  return { entry, archive, contents };
}
