import type { Static } from '@sinclair/typebox';
import type { Resolved } from '../schema.js';
import { cifar10 } from './cifar10.js';
import { cifar100 } from './cifar100.js';
import type { DatasetEntry } from './dataset.js';
import { shapes } from './shapes.js';

/** Every data set, by its `type` in the config. */
export const datasets = { cifar10, cifar100, shapes } as const satisfies Record<string, DatasetEntry>;

export type DatasetType = keyof typeof datasets;

/** Options of any data set, as resolved. */
export type DatasetConfig = Resolved<Static<(typeof datasets)[DatasetType]['schema']>>;

export function datasetEntry(type: DatasetType): DatasetEntry {
  return datasets[type];
}
