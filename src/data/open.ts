import { join } from 'node:path';
import type { DatasetEntry, DatasetOptions } from '../registry/datasets/dataset.js';
import { archiveOptions } from './ensure_files.js';
import { drawRecords, type Records, readRecords } from './records.js';

/** Both splits, in memory. */
export interface LoadedDataset {
  readonly train: Records;
  readonly test: Records;
}

/**
 * The prepare stage: reads (or draws, from `seed`) the records, as many as `limit` lets through. The files must be
 * there: see `ensureFiles`. Throws a UserError where one is unreadable, has another length or an impossible label.
 */
export async function loadRecords(
  entry: DatasetEntry,
  options: DatasetOptions,
  seed: number,
): Promise<LoadedDataset> {
  const { limit } = options;
  if (entry.kind === 'generated') {
    return {
      train: drawRecords(entry, seed, 'train', limit.train),
      test: drawRecords(entry, seed, 'test', limit.test),
    };
  }
  const folder = join(archiveOptions(options).root, entry.folder);
  return {
    train: await readRecords(entry, 'train', folder, limit.train),
    test: await readRecords(entry, 'test', folder, limit.test),
  };
}
