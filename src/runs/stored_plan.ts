import { Ajv } from 'ajv';
import { planFromResolved } from '../config/load_plan.js';
import type { Plan } from '../config/resolve.js';
import { type DatasetFacts, DatasetFactsSchema } from '../registry/datasets/facts.js';
import { damagedFile } from '../storage/json_file.js';
import { describeSchemaErrors } from '../storage/schema_errors.js';

/** What a run keeps of itself, in plan.json and in the state.json of each checkpoint. */
export interface StoredPlan {
  readonly config: unknown;
  readonly dataset?: unknown;
}

const validate = new Ajv({ allErrors: true }).compile<DatasetFacts>(DatasetFactsSchema);

/**
 * The plan that a file holds, checked like a config. What the run knew of its data is not asked for again.
 * @throws UserError, ConfigError where the file is damaged
 */
export function storedPlan({ config, dataset }: StoredPlan, file: string): Plan {
  const older = withoutSplit(config);
  // Written before runs kept what they knew of their data, and all of them chose on the test set.
  if (older) return planFromResolved(older, file);
  if (dataset === undefined) return planFromResolved(config, file);
  if (!validate(dataset)) throw damagedFile(file, `dataset: ${describeSchemaErrors(validate.errors)}`);
  const plan = planFromResolved(config, file, dataset);
  const chosenOn = plan.config.dataset.validation === 'test' ? 'test' : 'validation';
  if (dataset.chosenOn !== chosenOn || dataset.count.validation > 0 !== (chosenOn === 'validation')) {
    throw damagedFile(
      file,
      `dataset: expected what belongs to validation: ${plan.config.dataset.validation}`,
    );
  }
  return plan;
}

/** A config of a run without a validation split, in today's words; undefined where it says what it splits. */
function withoutSplit(config: unknown): object | undefined {
  const dataset = isMap(config) ? config.dataset : undefined;
  if (!isMap(config) || !isMap(dataset) || 'validation' in dataset) return undefined;
  return { ...config, dataset: { ...dataset, validation: 'test' } };
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
