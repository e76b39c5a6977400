import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadPlan } from '../../src/config/load_plan.js';
import type { Plan } from '../../src/config/resolve.js';
import { type LoadedDataset, loadRecords } from '../../src/data/open.js';
import { datasets } from '../../src/registry/datasets/index.js';
import { temporaryDirectory } from './temporary_directory.js';
import { tinyConfig } from './tiny_config.js';

/** The plan of the tiny config, after each `key=value`. */
export async function tinyPlan(...sets: string[]): Promise<Plan> {
  const file = join(temporaryDirectory(), 'tiny.yaml');
  writeFileSync(file, tinyConfig());
  return (await loadPlan(file, sets)).plan;
}

export function dataOf({ config: { dataset, seed } }: Plan): Promise<LoadedDataset> {
  return loadRecords(datasets[dataset.type], dataset, seed);
}
