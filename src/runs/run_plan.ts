import type { Plan } from '../config/resolve.js';
import { damagedFile, readJsonFile } from '../storage/json_file.js';
import { runPaths } from '../storage/run_directory.js';
import { type StoredPlan, storedPlan } from './stored_plan.js';

/** The plan of a run directory. @throws UserError where there is none, or it is damaged */
export async function readRunPlan(directory: string): Promise<Plan> {
  const file = runPaths(directory).plan;
  const value = await readJsonFile(file);
  if (typeof value === 'object' && value !== null && 'config' in value) {
    return storedPlan(value satisfies StoredPlan, file);
  }
  throw damagedFile(file, 'expected the plan of a run, got no "config"');
}
