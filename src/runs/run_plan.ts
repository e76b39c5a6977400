import { type Static, Type } from '@sinclair/typebox';
import { Ajv } from 'ajv';
import type { Plan } from '../config/resolve.js';
import { damagedFile, readJsonFile } from '../storage/json_file.js';
import { runPaths } from '../storage/run_directory.js';
import { type StoredPlan, storedPlan } from './stored_plan.js';

const names = Type.Array(Type.String());

const InitialWeightsSchema = Type.Object({
  file: Type.String(),
  sha256: Type.String({ pattern: '^[0-9a-f]{64}$' }),
  inside: Type.String({ default: '' }),
  ignore: Type.Array(Type.String(), { default: [] }),
  strip_prefix: Type.Union([Type.String(), Type.Null()], { default: null }),
  loaded: Type.Union([names, Type.Null()], { default: null }),
  fresh: Type.Array(Type.String(), { default: [] }),
  left_out: Type.Array(Type.String(), { default: [] }),
});

/**
 * What a run took its initial parameters from.
 * - `file`: as the config or `--init` named it; `sha256` of its content; `inside`: the dicts of a PyTorch file that the
 *   tensors were in (`model.state_dict`).
 * - `loaded`: names of the model whose values it gave; null in runs of before they were kept, which loaded all.
 * - `fresh`: those that were drawn from the seed; `left_out`: names of the file that the model does not have.
 */
export type InitialWeights = Readonly<Static<typeof InitialWeightsSchema>>;

const validate = new Ajv({ allErrors: true, useDefaults: true }).compile<InitialWeights>(
  InitialWeightsSchema,
);

/** What plan.json holds: all that decides what comes out of a run. */
export interface RunPlan {
  readonly plan: Plan;
  /** Null where the initial parameters were drawn from the seed. */
  readonly init: InitialWeights | null;
}

/** The text of plan.json. */
export function runPlanText({ plan, init }: RunPlan): string {
  return `${JSON.stringify({ ...plan, frozen: [...plan.frozen], init }, null, 2)}\n`;
}

/** @throws UserError where a run directory has no plan, or it is damaged */
export async function readRunPlan(directory: string): Promise<RunPlan> {
  const file = runPaths(directory).plan;
  const value = await readJsonFile(file);
  if (typeof value !== 'object' || value === null || !('config' in value)) {
    throw damagedFile(file, 'expected the plan of a run, got no "config"');
  }
  const plan = storedPlan(value satisfies StoredPlan, file);
  const init = 'init' in value ? value.init : null;
  if (init !== null && !validate(init)) {
    throw damagedFile(file, 'init: expected a file and its sha256, or null');
  }
  return { plan, init };
}
