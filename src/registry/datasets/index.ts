import { cifar10 } from './cifar10.js';
import { cifar100 } from './cifar100.js';
import type { DatasetEntry } from './dataset.js';
import { imageFolder } from './image_folder.js';
import { manifest } from './manifest.js';
import { shapes } from './shapes.js';

/** Every data set, by its `type` in the config. */
export const datasets = {
  cifar10,
  cifar100,
  shapes,
  image_folder: imageFolder,
  manifest,
} as const satisfies Record<string, DatasetEntry>;

export type DatasetType = keyof typeof datasets;

/** The entry of a data set. */
export function datasetEntry(type: DatasetType): DatasetEntry {
  return datasets[type];
}
