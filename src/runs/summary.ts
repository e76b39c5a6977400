import { type Static, Type } from '@sinclair/typebox';
import { Ajv } from 'ajv';
import type { BackendName } from '../registry/backends.js';
import type { DatasetFacts } from '../registry/datasets/facts.js';
import { ScoresSchema } from '../statistics/scores.js';
import { writeFileAtomic } from '../storage/atomic.js';
import { BestSchema } from '../storage/checkpoint_state.js';
import { damagedFile, readOptionalJsonFile } from '../storage/json_file.js';
import type { RunPaths } from '../storage/run_directory.js';
import { describeSchemaErrors } from '../storage/schema_errors.js';

const count = Type.Integer({ minimum: 0 });

const SummarySchema = Type.Object({
  name: Type.String(),
  run_directory: Type.String(),
  backend: Type.Unsafe<BackendName>(Type.String()),
  epochs: count,
  steps: count,
  parameters: count,
  seconds: Type.Number(),
  best: BestSchema,
  chosen_on: Type.Unsafe<DatasetFacts['chosenOn']>({ enum: ['validation', 'test'], default: 'test' }),
  weights: Type.Optional(Type.Literal('average')),
  test: Type.Object({
    loss: Type.Number(),
    accuracy: Type.Number(),
    correct: count,
    count,
    scores: Type.Optional(ScoresSchema),
  }),
});

/**
 * What came out of a run: summary.json.
 * - `seconds`: what its training steps and evaluations took, over all sessions.
 * - `best`: the evaluation whose weights checkpoints/best holds, on the split `chosen_on`. A test set that chose them
 *   no longer measures them: `test` is then optimistic.
 * - `weights`: where it is not the weights that training changes that were chosen and tested, but their average.
 * - `test`: the weights of checkpoints/best, read back and evaluated on the test set.
 */
export type RunSummary = Readonly<Static<typeof SummarySchema>>;

// Older runs, without chosen_on, were all chosen on the test set.
const validate = new Ajv({ allErrors: true, useDefaults: true }).compile<RunSummary>(SummarySchema);

export async function writeSummary(paths: RunPaths, summary: RunSummary): Promise<void> {
  await writeFileAtomic(paths.summary, `${JSON.stringify(summary, null, 2)}\n`);
}

/** As `checkedSummary`, but null where it cannot be read either: it can be made again. */
export async function readSummary(paths: RunPaths): Promise<RunSummary | null> {
  return checkedSummary(paths).catch(() => null);
}

/**
 * The summary that a run has ended with, or null where there is none yet.
 * @throws UserError where it is damaged
 */
export async function checkedSummary(paths: RunPaths): Promise<RunSummary | null> {
  const summary = await readOptionalJsonFile(paths.summary);
  if (summary === undefined) return null;
  if (!validate(summary)) throw damagedFile(paths.summary, describeSchemaErrors(validate.errors));
  return { ...summary, run_directory: paths.directory };
}
