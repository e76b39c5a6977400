import { readdirSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { create, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { EVENT_FILE_PATTERN, eventFileName } from '../storage/event_file_name.js';
import { fileError } from '../storage/file_error.js';
import { AppendFile } from './append_file.js';
import { crc32c } from './crc32c.js';
import type { SummaryValue } from './summaries.js';
import { EventSchema } from './tensorboard_pb.js';

/** How far an event file was written when a checkpoint was saved: its name (without directory) and length in bytes. */
export interface EventPosition {
  readonly file: string;
  readonly bytes: number;
}

let filesStarted = 0;

/** Writes a TensorBoard event file: `tensorboard --logdir` on the directory above shows them. */
export class EventFileWriter {
  readonly #file: AppendFile;

  private constructor(file: AppendFile) {
    this.#file = file;
  }

  /** Starts a new event file in `directory`. Throws a UserError if it cannot be written. */
  static open(directory: string): EventFileWriter {
    const now = Date.now();
    const writer = new EventFileWriter(AppendFile.open(join(directory, eventFileName(now, filesStarted++))));
    writer.#append({ wallTime: now / 1000, what: { case: 'fileVersion', value: 'brain.Event:2' } });
    return writer;
  }

  /**
   * Goes on at `position`, or in a new file where the checkpoint has none. What was written after the checkpoint goes:
   * the rest of that file, and every other event file of the run, or TensorBoard would draw those steps twice.
   * Throws a UserError if the file is shorter than `position` or cannot be written.
   */
  static resume(directory: string, position: EventPosition | null): EventFileWriter {
    if (position !== null && !EVENT_FILE_PATTERN.test(position.file)) {
      throw new Error(
        `event file ${JSON.stringify(position.file)}: expected a name like events.out.tfevents.…`,
      );
    }
    const file =
      position === null
        ? undefined
        : AppendFile.open(join(directory, position.file), { truncateTo: position.bytes });
    removeEventFiles(directory, position?.file);
    return file === undefined ? EventFileWriter.open(directory) : new EventFileWriter(file);
  }

  /** Adds a point to the chart `tag`; TensorBoard keeps float32 values. `wallTime` in seconds since 1970. */
  scalar(tag: string, value: number, step: number, wallTime: number = Date.now() / 1000): void {
    // Rounded here, as the encoder refuses numbers beyond float32's range instead of writing Infinity.
    const simpleValue = { case: 'simpleValue', value: Math.fround(value) } as const;
    this.summary({ tag, value: simpleValue }, step, wallTime);
  }

  /** Adds a value for one of TensorBoard's plugins. */
  summary(value: SummaryValue, step: number, wallTime: number = Date.now() / 1000): void {
    this.#append({ wallTime, step: BigInt(step), what: { case: 'summary', value: { value: [value] } } });
  }

  /** Adds an encoded GraphDef; TensorBoard shows one for each run. */
  graph(graph: Uint8Array): void {
    this.#append({ wallTime: Date.now() / 1000, what: { case: 'graphDef', value: graph } });
  }

  /** How far the file is written, which a checkpoint records. */
  position(): EventPosition {
    return { file: basename(this.#file.path), bytes: this.#file.length() };
  }

  /** Makes the file durable. */
  sync(): Promise<void> {
    return this.#file.sync();
  }

  close(): void {
    this.#file.close();
  }

  #append(event: MessageInitShape<typeof EventSchema>): void {
    this.#file.append(encodeRecord(toBinary(EventSchema, create(EventSchema, event))));
  }
}

/** A TFRecord: length (uint64), masked CRC-32C of the length, the data, masked CRC-32C of the data; little-endian. */
function encodeRecord(data: Uint8Array): Uint8Array {
  const record = new Uint8Array(data.length + 16);
  const view = new DataView(record.buffer);
  view.setBigUint64(0, BigInt(data.length), true);
  view.setUint32(8, maskedCrc(record.subarray(0, 8)), true);
  record.set(data, 12);
  view.setUint32(12 + data.length, maskedCrc(data), true);
  return record;
}

/** Rotated and offset, as TensorFlow stores CRCs, so that the CRC of data which hold CRCs stays sound. */
function maskedCrc(bytes: Uint8Array): number {
  const crc = crc32c(bytes);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

function removeEventFiles(directory: string, except: string | undefined): void {
  try {
    for (const name of readdirSync(directory)) {
      if (EVENT_FILE_PATTERN.test(name) && name !== except) rmSync(join(directory, name));
    }
  } catch (error) {
    throw fileError('remove', directory, error);
  }
}
