import { join } from 'node:path';
import type { DatasetEntry, DatasetOptions, Split } from '../registry/datasets/dataset.js';
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
  return {
    train: await loadSplit(entry, options, seed, 'train'),
    test: await loadSplit(entry, options, seed, 'test'),
  };
}

/** As `loadRecords`, one split. */
export async function loadSplit(
  entry: DatasetEntry,
  options: DatasetOptions,
  seed: number,
  split: Split,
): Promise<Records> {
  const limit = options.limit[split];
  if (entry.kind === 'generated') return drawRecords(entry, seed, split, limit);
  return readRecords(entry, split, join(archiveOptions(options).root, entry.folder), limit);
}
