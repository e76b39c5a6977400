import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fromBinary } from '@bufbuild/protobuf';
import { EventSchema } from '../../src/logging/tensorboard_pb.js';

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
      const { metrics_bytes: _, events: __, ...rest } = state;
      return rest;
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

/** "tag step value" of every point in the event files; their CRCs are the business of the writer's own test. */
export function eventPoints(directory: string): string[] {
  const points: string[] = [];
  for (const name of readdirSync(directory).filter((file) => file.startsWith('events.out.tfevents.'))) {
    const bytes = readFileSync(join(directory, name));
    for (let at = 0; at < bytes.length; ) {
      const length = Number(bytes.readBigUInt64LE(at));
      const { step, what } = fromBinary(EventSchema, bytes.subarray(at + 12, at + 12 + length));
      at += length + 16;
      for (const { tag, value } of what.case === 'summary' ? what.value.value : []) {
        points.push(`${tag} ${step} ${value.value}`);
      }
    }
  }
  return points;
}
