import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { EventFileWriter, type EventPosition } from '../../src/logging/tensorboard.js';
import { runPython, whyNoPython } from '../helpers/python.js';
import { temporaryDirectory } from '../helpers/temporary_directory.js';

/** CRC-32C bit by bit, masked: shares no code with the writer. */
function maskedCrc(bytes: Uint8Array): number {
  let crc = 0xffffffffn;
  for (const byte of bytes) {
    crc ^= BigInt(byte);
    for (let bit = 0; bit < 8; bit++) crc = crc & 1n ? (crc >> 1n) ^ 0x82f63b78n : crc >> 1n;
  }
  crc ^= 0xffffffffn;
  return Number((((crc >> 15n) | (crc << 17n)) + 0xa282ead8n) & 0xffffffffn);
}

/** The records of an event file, whose CRCs are checked. */
function readRecords(path: string): Buffer[] {
  const bytes = readFileSync(path);
  const records: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = Number(bytes.readBigUInt64LE(at));
    const data = bytes.subarray(at + 12, at + 12 + length);
    expect(bytes.readUInt32LE(at + 8)).toBe(maskedCrc(bytes.subarray(at, at + 8)));
    expect(bytes.readUInt32LE(at + 12 + length)).toBe(maskedCrc(data));
    records.push(data);
    at += length + 16;
  }
  return records;
}

/** The fields of a protobuf message by number: varints as numbers, the rest as bytes. */
function readFields(bytes: Buffer): Map<number, number | Buffer> {
  const fields = new Map<number, number | Buffer>();
  let at = 0;
  const varint = () => {
    for (let value = 0, scale = 1; ; scale *= 128) {
      const byte = bytes[at++]!;
      value += (byte & 0x7f) * scale;
      if (byte < 128) return value;
    }
  };
  const take = (length: number) => {
    at += length;
    return bytes.subarray(at - length, at);
  };
  while (at < bytes.length) {
    const tag = varint();
    const type = tag % 8;
    fields.set(tag >>> 3, type === 0 ? varint() : take(type === 1 ? 8 : type === 5 ? 4 : varint()));
  }
  return fields;
}

interface Scalar {
  tag: string;
  value: number;
  step: number;
  wallTime: number;
}

function readScalar(record: Buffer): Scalar {
  const event = readFields(record);
  const value = readFields(readFields(event.get(5) as Buffer).get(1) as Buffer);
  return {
    tag: (value.get(1) as Buffer).toString(),
    value: (value.get(2) as Buffer).readFloatLE(),
    step: (event.get(2) ?? 0) as number,
    wallTime: (event.get(1) as Buffer).readDoubleLE(),
  };
}

function closing(writer: EventFileWriter): EventFileWriter {
  onTestFinished(() => writer.close());
  return writer;
}

function eventFiles(directory: string): string[] {
  return readdirSync(directory).filter((name) => name.startsWith('events.'));
}

function stepsIn(directory: string): number[] {
  const [file, ...others] = eventFiles(directory);
  expect(others).toEqual([]);
  const [first, ...scalars] = readRecords(join(directory, file!));
  expect(readFields(first!).get(3)).toEqual(Buffer.from('brain.Event:2'));
  return scalars.map((record) => readScalar(record).step);
}

test('writes records that an independent reader understands', () => {
  const directory = temporaryDirectory();
  const before = Date.now() / 1000;
  const writer = closing(EventFileWriter.open(directory));
  const scalars: Scalar[] = [
    { tag: 'train/loss', value: 0.5, step: 0, wallTime: 1_700_000_000.25 },
    { tag: 'größe', value: Math.fround(-1e-3), step: 2 ** 40, wallTime: 1_700_000_001 },
    { tag: 'diverged', value: Number.NaN, step: 3, wallTime: 1 },
    { tag: 'beyond float32', value: Number.POSITIVE_INFINITY, step: 4, wallTime: 2 },
  ];
  for (const { tag, value, step, wallTime } of scalars) {
    writer.scalar(tag, value === Number.POSITIVE_INFINITY ? 1e300 : value, step, wallTime);
  }
  const { file, bytes } = writer.position();
  expect(eventFiles(directory)).toEqual([file]);
  expect(readFileSync(join(directory, file))).toHaveLength(bytes);
  const [first, ...records] = readRecords(join(directory, file));
  const version = readFields(first!);
  expect([...version.keys()].sort()).toEqual([1, 3]);
  expect((version.get(1) as Buffer).readDoubleLE()).toBeGreaterThanOrEqual(before);
  expect(version.get(3)).toEqual(Buffer.from('brain.Event:2'));
  expect(records.map(readScalar)).toEqual(scalars);
});

test('takes the time of the clock unless told', () => {
  const directory = temporaryDirectory();
  const writer = closing(EventFileWriter.open(directory));
  const before = Date.now() / 1000;
  writer.scalar('a', 1, 1);
  const after = Date.now() / 1000;
  const { wallTime } = readScalar(readRecords(join(directory, writer.position().file))[1]!);
  expect(wallTime).toBeGreaterThanOrEqual(before);
  expect(wallTime).toBeLessThanOrEqual(after);
});

test('two writers of one process and second have files of their own', () => {
  const directory = temporaryDirectory();
  closing(EventFileWriter.open(directory));
  closing(EventFileWriter.open(directory));
  expect(eventFiles(directory)).toHaveLength(2);
});

/** A run that is killed after step 3, and whose checkpoint is of step 2. */
function killedRun(directory: string): EventPosition {
  const writer = EventFileWriter.open(directory);
  for (const step of [1, 2]) writer.scalar('loss', step, step);
  const position = writer.position();
  writer.scalar('loss', 3, 3);
  writer.close();
  appendFileSync(join(directory, position.file), 'half a record');
  return position;
}

test('a resumed run has each step once', () => {
  const directory = temporaryDirectory();
  const position = killedRun(directory);
  const writer = closing(EventFileWriter.resume(directory, position));
  expect(stepsIn(directory)).toEqual([1, 2]);
  for (const step of [3, 4]) writer.scalar('loss', step, step);
  expect(stepsIn(directory)).toEqual([1, 2, 3, 4]);
  expect(writer.position().file).toBe(position.file);
});

test('a run resumed without a position starts over, and touches nothing but event files', () => {
  const directory = temporaryDirectory();
  const { file } = killedRun(directory);
  writeFileSync(join(directory, 'metrics.jsonl'), 'kept');
  mkdirSync(join(directory, 'checkpoints'));
  const writer = closing(EventFileWriter.resume(directory, null));
  writer.scalar('loss', 1, 1);
  expect(existsSync(join(directory, file))).toBe(false);
  expect(stepsIn(directory)).toEqual([1]);
  expect(readdirSync(directory).sort()).toEqual(
    ['checkpoints', writer.position().file, 'metrics.jsonl'].sort(),
  );
});

test('event files of attempts after the checkpoint go', () => {
  const directory = temporaryDirectory();
  const position = killedRun(directory);
  EventFileWriter.open(directory).close();
  closing(EventFileWriter.resume(directory, position));
  expect(eventFiles(directory)).toEqual([position.file]);
});

test('an event file shorter than the checkpoint says stops the resume, and nothing is removed', () => {
  const directory = temporaryDirectory();
  const position = killedRun(directory);
  EventFileWriter.open(directory).close();
  const size = readFileSync(join(directory, position.file)).length;
  expect(() => EventFileWriter.resume(directory, { ...position, bytes: size + 1 })).toThrow(
    `expected at least the ${size + 1} bytes that the checkpoint recorded, got ${size} bytes`,
  );
  expect(eventFiles(directory)).toHaveLength(2);
});

test.each(['../events.out.tfevents.1', 'events.out.tfevents.1/../../x', 'metrics.jsonl'])(
  'refuses to cut %s',
  (file) => {
    const directory = temporaryDirectory();
    writeFileSync(join(directory, 'metrics.jsonl'), 'kept');
    expect(() => EventFileWriter.resume(directory, { file, bytes: 0 })).toThrow(
      'expected a name like events.out',
    );
    expect(readFileSync(join(directory, 'metrics.jsonl'), 'utf8')).toBe('kept');
  },
);

test('TensorBoard itself reads the scalars, after a resume too', ({ skip }) => {
  const why = whyNoPython('tensorboard.backend.event_processing.event_accumulator');
  if (why !== null) skip(why);
  const directory = temporaryDirectory();
  const position = killedRun(directory);
  const writer = closing(EventFileWriter.resume(directory, position));
  writer.scalar('loss', 0.1, 3, 12.5);
  writer.scalar('test/accuracy', 0.75, 3, 13);

  const script = `
import json, sys
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
events = EventAccumulator(sys.argv[1]); events.Reload()
print(json.dumps([events.file_version, {tag: [[e.step, e.value] for e in events.Scalars(tag)] for tag in events.Tags()['scalars']},
    events.Scalars('test/accuracy')[0].wall_time]))`;
  const loss = [1, 2].map((step) => [step, step]);
  expect(runPython(script, directory)).toEqual([
    2,
    { loss: [...loss, [3, Math.fround(0.1)]], 'test/accuracy': [[3, 0.75]] },
    13,
  ]);
});
