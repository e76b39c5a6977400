import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { type Event, EventSchema, TensorProtoSchema } from '../../src/logging/tensorboard_pb.js';

/** Everything that a finished run leaves and that an uninterrupted one would leave too, to the bit. */
export interface RunResults {
  /** Safetensors files as hexadecimal digits, by path below checkpoints/. */
  readonly tensors: Readonly<Record<string, string>>;
  /** The lines of metrics.jsonl, without their speed. */
  readonly metrics: readonly object[];
  /** "tag step value" of every point for TensorBoard but speeds, as often as the files hold it. */
  readonly points: readonly string[];
  readonly states: readonly object[];
}

export function runResults(directory: string): RunResults {
  const checkpoints = ['last', 'best'].map((link) => join(directory, 'checkpoints', link));
  const files = checkpoints.flatMap((path) => [
    join(path, 'model.safetensors'),
    join(path, 'optimizer.safetensors'),
  ]);
  return {
    tensors: Object.fromEntries(
      files.map((path) => [path.slice(directory.length), readFileSync(path).toString('hex')]),
    ),
    metrics: metricsLines(directory).map(({ images_per_second: _, ...line }) => line),
    points: eventPoints(directory).filter((point) => !point.startsWith('images_per_second')),
    states: checkpoints.map((path) => {
      const state = readJson(join(path, 'state.json'));
      // What depends on the clock: digits of speeds make lines longer or shorter.
      const { metrics_bytes: _, events: __, seconds: ___, sha256, ...rest } = state;
      return { ...rest, files: (sha256 as { files: unknown }).files };
    }),
  };
}

/** The whole lines of metrics.jsonl. */
export function metricsLines(directory: string): Record<string, unknown>[] {
  const lines = readFileSync(join(directory, 'metrics.jsonl'), 'utf8').split('\n');
  return lines.slice(0, -1).map((line) => JSON.parse(line) as Record<string, unknown>);
}

export function readJson(path: string): Record<string, unknown> {
  return JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
}

/**
 * "tag step value" of every point in the event files, and of what a plugin shows the tensor as hexadecimal digits;
 * their CRCs are the business of the writer's own test.
 */
export function eventPoints(directory: string): string[] {
  const points: string[] = [];
  for (const { step, what } of events(directory)) {
    if (what.case === 'graphDef') points.push(`graph ${step} ${Buffer.from(what.value).toString('hex')}`);
    for (const { tag, value } of what.case === 'summary' ? what.value.value : []) {
      const text =
        value.case === 'tensor'
          ? Buffer.from(toBinary(TensorProtoSchema, value.value)).toString('hex')
          : value.value;
      points.push(`${tag} ${step} ${text}`);
    }
  }
  return points;
}

/** Every record of the event files. */
export function events(directory: string): Event[] {
  const names = readdirSync(directory).filter((file) => file.startsWith('events.out.tfevents.'));
  return names.flatMap((name) => {
    const bytes = readFileSync(join(directory, name));
    const found: Event[] = [];
    for (let at = 0; at < bytes.length; ) {
      const length = Number(bytes.readBigUInt64LE(at));
      found.push(fromBinary(EventSchema, bytes.subarray(at + 12, at + 12 + length)));
      at += length + 16;
    }
    return found;
  });
}
