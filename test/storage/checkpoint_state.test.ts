import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { UserError } from '../../src/errors.js';
import {
  type CheckpointState,
  encodeCheckpointState,
  readCheckpointState,
} from '../../src/storage/checkpoint_state.js';
import { temporaryDirectory } from '../helpers/temporary_directory.js';

const STATE: CheckpointState = {
  version: 1,
  step: 42,
  epoch: 2,
  step_in_epoch: 3,
  epoch_totals: { loss: 0.1 + 0.2, 'aux_loss.aux_classifier': 5e-324, correct: 2 ** 53 - 1 },
  best: { epoch: 1, step: 39, accuracy: 1 / 3, loss: 1.7976931348623157e308 },
  finished: false,
  seconds: 12.25,
  metrics_bytes: 12345,
  events: { file: 'events.out.tfevents.1700000000.a-host.lan.77.0', bytes: 678 },
  config: { name: 'x', nested: [1, null] },
};

const { seconds: _, ...withoutSeconds } = STATE;

function written(text: string): string {
  const path = join(temporaryDirectory(), 'state.json');
  writeFileSync(path, text);
  return path;
}

test.each([
  ['all', STATE],
  ['no best, no events', { ...STATE, best: null, events: null, config: null }],
  ['of a version that did not count seconds', withoutSeconds],
])('reads back exactly what it wrote: %s', async (_, state) => {
  const path = written(encodeCheckpointState(state));
  expect(await readCheckpointState(path)).toEqual(state);
});

test.each([
  ['NaN', { ...STATE, epoch_totals: { loss: Number.NaN } }, 'epoch_totals.loss must be number'],
  ['Infinity', { ...STATE, metrics_bytes: Number.POSITIVE_INFINITY }, 'metrics_bytes must be integer'],
  ['no config', { ...STATE, config: undefined }, "must have required property 'config'"],
])('does not write what would not read back: %s', (_, state, message) => {
  expect(() => encodeCheckpointState(state)).toThrow(message);
});

test.each<[string, object, string]>([
  ['version', { version: 2 }, 'version must be equal to constant'],
  ['negative', { step: -1 }, 'step must be >= 0'],
  ['fraction', { step_in_epoch: 0.5 }, 'step_in_epoch must be integer'],
  ['epoch 0', { epoch: 0 }, 'epoch must be >= 1'],
  ['unsafe integer', { step: 2 ** 60 }, 'step must be <= 9007199254740991'],
  ['text', { finished: 'no' }, 'finished must be boolean'],
  ['total', { epoch_totals: { loss: '1' } }, 'epoch_totals.loss must be number'],
  ['best', { best: { epoch: 1, step: 1, accuracy: 0.5 } }, "best must have required property 'loss'"],
  ['another key', { extra: 1 }, 'the document must NOT have additional properties: "extra"'],
  ['path', { events: { file: '../../events.out.tfevents.1', bytes: 0 } }, 'events.file must match pattern'],
  [
    'path inside',
    { events: { file: 'events.out.tfevents.1/../../x', bytes: 0 } },
    'events.file must match pattern',
  ],
])('refuses a state with a wrong field: %s', async (_, change, message) => {
  const path = written(JSON.stringify({ ...STATE, ...change }));
  const error = await readCheckpointState(path).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(UserError);
  expect((error as Error).message).toContain(`${path}: not a usable checkpoint state: `);
  expect((error as Error).message).toContain(message);
});

test('names every problem at once', async () => {
  const path = written(JSON.stringify({ ...STATE, step: -1, finished: 1 }));
  await expect(readCheckpointState(path)).rejects.toThrow(/step must be >= 0; finished must be boolean/);
});

test('a total named __proto__ is refused', async () => {
  const text = JSON.stringify(STATE).replace('"epoch_totals":{', '"epoch_totals":{"__proto__":1,');
  await expect(readCheckpointState(written(text))).rejects.toThrow(
    'epoch_totals must NOT have additional properties',
  );
});

test('refuses a file that was cut short, is no JSON, or is far too large', async () => {
  const path = written(encodeCheckpointState(STATE));
  const whole = readFileSync(path, 'utf8');
  for (const length of [0, 1, 20, whole.length - 3]) {
    writeFileSync(path, whole.slice(0, length));
    await expect(readCheckpointState(path), `${length} bytes`).rejects.toThrow('expected JSON, got ');
  }
  writeFileSync(path, Buffer.alloc(16 * 1024 * 1024 + 1, 0x20));
  await expect(readCheckpointState(path)).rejects.toThrow('expected at most 16777216 bytes, got 16777217');
});
