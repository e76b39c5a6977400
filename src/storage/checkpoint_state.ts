import { dirname } from 'node:path';
import { type Static, Type } from '@sinclair/typebox';
import { Ajv } from 'ajv';
import { UserError } from '../errors.js';
import { DatasetFactsSchema } from '../registry/datasets/facts.js';
import { checkpointHint } from './checkpoint_hint.js';
import { EVENT_FILE_PATTERN } from './event_file_name.js';
import { readJsonFile } from './json_file.js';
import { describeSchemaErrors } from './schema_errors.js';

const count = (minimum = 0) => Type.Integer({ minimum, maximum: Number.MAX_SAFE_INTEGER });
const closed = { additionalProperties: false };

/** The evaluation that was the best so far, or null before the first. */
export const BestSchema = Type.Union([
  Type.Null(),
  Type.Object({ epoch: count(1), step: count(), accuracy: Type.Number(), loss: Type.Number() }, closed),
]);

const CheckpointStateSchema = Type.Object(
  {
    version: Type.Literal(1),
    step: count(),
    epoch: count(1),
    step_in_epoch: count(),
    epoch_totals: Type.Record(Type.String({ pattern: '^(?!__proto__$)' }), Type.Number(), closed),
    best: BestSchema,
    finished: Type.Boolean(),
    // gnet 0.1.0 did not write it.
    seconds: Type.Optional(Type.Number({ minimum: 0 })),
    // Only where weights are averaged.
    averaged: Type.Optional(count(1)),
    metrics_bytes: count(),
    // A name without separators: a state from elsewhere must not make gnet cut a file outside the run directory.
    events: Type.Union([
      Type.Null(),
      Type.Object({ file: Type.String({ pattern: EVENT_FILE_PATTERN.source }), bytes: count() }, closed),
    ]),
    config: Type.Unknown(),
    // Older runs did not keep it.
    dataset: Type.Optional(DatasetFactsSchema),
  },
  closed,
);

/**
 * Everything but tensors that training needs to go on.
 * - `step`: optimizer updates done; `epoch`: the epoch (1-based) that `step_in_epoch`, the steps done in it, counts in.
 * - `epoch_totals`: running sums of the unfinished epoch.
 * - `best`: the evaluation whose weights `checkpoints/best` holds.
 * - `seconds`: wall-clock time of all steps and evaluations so far, over all sessions.
 * - `averaged`: over how many states average.safetensors goes; where it is not there, there is no such file.
 * - `metrics_bytes`, `events`: how long metrics.jsonl and the event file were; a resumed run cuts them to that.
 * - `config`, `dataset`: the resolved experiment (JSON) and the facts of its data, so that a checkpoint can be moved.
 */
export type CheckpointState = Readonly<Static<typeof CheckpointStateSchema>>;

const validate = new Ajv({ allErrors: true }).compile<CheckpointState>(CheckpointStateSchema);

/** The state as JSON; every finite number reads back to the bit. Throws where a value is not finite or out of range. */
export function encodeCheckpointState(state: CheckpointState): string {
  if (!validate(state)) throw new Error(`checkpoint state: ${describeSchemaErrors(validate.errors)}`);
  return `${JSON.stringify(state, null, 2)}\n`;
}

/** Reads a state.json. Throws a UserError that names the file and everything that is wrong in it. */
export async function readCheckpointState(path: string): Promise<CheckpointState> {
  const json = await readJsonFile(path, damaged);
  if (!validate(json)) throw damaged(path, describeSchemaErrors(validate.errors));
  return json;
}

function damaged(path: string, problem: string): UserError {
  return new UserError(`${path}: not a usable checkpoint state: ${problem}`, {
    hint: `It was cut short, edited or written by another version of gnet. ${checkpointHint(dirname(path))}`,
  });
}
