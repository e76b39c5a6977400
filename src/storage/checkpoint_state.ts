import { createHash } from 'node:crypto';
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

/** SHA-256 of each file of tensors beside a state.json, in lower-case hex, by name. */
export type FileDigests = Readonly<Record<string, string>>;

const Sha256 = Type.String({ pattern: '^[0-9a-f]{64}$' });
/** `state` is the digest of everything else in the document. gnet 0.1.0 wrote none. */
const SealSchema = Type.Object({ state: Sha256, files: Type.Record(Type.String(), Sha256) }, closed);
const validateSeal = new Ajv({ allErrors: true }).compile<Static<typeof SealSchema>>(SealSchema);

/**
 * The state as JSON, sealed with digests; every finite number reads back to the bit.
 * Throws where a value is not finite or out of range.
 */
export function encodeCheckpointState(state: CheckpointState, files: FileDigests = {}): string {
  if (!validate(state)) throw new Error(`checkpoint state: ${describeSchemaErrors(validate.errors)}`);
  return `${JSON.stringify({ ...state, sha256: { state: digestOf(state, files), files } }, null, 2)}\n`;
}

/** Reads a state.json. Throws a UserError that names the file and everything that is wrong in it. */
export async function readCheckpointState(path: string): Promise<CheckpointState> {
  return (await readSealedState(path)).state;
}

/** As `readCheckpointState`, with the digests of the files beside it; none where an older gnet wrote it. */
export async function readSealedState(path: string): Promise<{ state: CheckpointState; files: FileDigests }> {
  const json = await readJsonFile(path, damaged);
  const isObject = typeof json === 'object' && json !== null && !Array.isArray(json);
  const { sha256: seal, ...state } = (isObject ? json : {}) as Record<string, unknown>;
  if (!validate(isObject ? state : json)) throw damaged(path, describeSchemaErrors(validate.errors));
  if (seal === undefined) return { state: state as CheckpointState, files: {} };
  if (!validateSeal(seal)) throw damaged(path, `sha256: ${describeSchemaErrors(validateSeal.errors)}`);
  const digest = digestOf(state, seal.files);
  if (digest !== seal.state) {
    throw damaged(path, `expected content with the SHA-256 ${seal.state}, got ${digest}`);
  }
  return { state: state as CheckpointState, files: seal.files };
}

/** Of the document as it reads back: numbers and the order of keys are the same then. */
function digestOf(state: object, files: FileDigests): string {
  return createHash('sha256').update(JSON.stringify({ state, files })).digest('hex');
}

function damaged(path: string, problem: string): UserError {
  return new UserError(`${path}: not a usable checkpoint state: ${problem}`, {
    hint: `It was cut short, edited or written by another version of gnet. ${checkpointHint(dirname(path))}`,
  });
}
