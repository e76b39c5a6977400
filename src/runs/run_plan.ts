import { planFromResolved } from '../config/load_plan.js';
import type { Plan } from '../config/resolve.js';
import { damagedFile, readJsonFile } from '../storage/json_file.js';
import { runPaths } from '../storage/run_directory.js';

/** The file that a run took its initial parameters from. */
export interface InitialWeights {
  /** As `--init` named it. */
  readonly file: string;
  /** Of its content, 64 hexadecimal digits in lower case. */
  readonly sha256: string;
}

/** What plan.json holds: all that decides what comes out of a run. */
export interface RunPlan {
  readonly plan: Plan;
  /** Null where the initial parameters were drawn from the seed. */
  readonly init: InitialWeights | null;
}

/** The text of plan.json. */
export function runPlanText({ plan, init }: RunPlan): string {
  return `${JSON.stringify({ ...plan, init }, null, 2)}\n`;
}

/** @throws UserError where a run directory has no plan, or it is damaged */
export async function readRunPlan(directory: string): Promise<RunPlan> {
  const file = runPaths(directory).plan;
  const value = await readJsonFile(file);
  if (typeof value !== 'object' || value === null || !('config' in value)) {
    throw damagedFile(file, 'expected the plan of a run, got no "config"');
  }
  const plan = planFromResolved(value.config, file);
  const init = 'init' in value ? value.init : null;
  if (init !== null && !isInitialWeights(init)) {
    throw damagedFile(file, 'init: expected a file and its sha256, or null');
  }
  return { plan, init };
}

function isInitialWeights(value: unknown): value is InitialWeights {
  if (typeof value !== 'object' || value === null) return false;
  const { file, sha256 } = value as Record<string, unknown>;
  return typeof file === 'string' && typeof sha256 === 'string' && /^[0-9a-f]{64}$/.test(sha256);
}
