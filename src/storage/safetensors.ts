import type { FileHandle } from 'node:fs/promises';
import { UserError } from '../errors.js';
import { elements } from '../shape.js';
import { decodeTensor, ELEMENT_TYPES } from './element_types.js';
import { withOpenFile } from './open_file.js';
import { readExactly } from './read_exactly.js';
import { parseSafetensorsHeader, type TensorEntry } from './safetensors_header.js';

/** A float32 tensor in row-major order: `data.length` is the product of `shape` (1 for a scalar, whose shape is []). */
export interface NamedTensor {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** As `NamedTensor`, of int64 numbers: PyTorch's counters (num_batches_tracked). */
export interface CounterTensor {
  readonly shape: readonly number[];
  readonly data: BigInt64Array;
}

/** A tensor of a state dict. */
export type StateTensor = NamedTensor | CounterTensor;

export function isCounter(tensor: StateTensor): tensor is CounterTensor {
  return tensor.data instanceof BigInt64Array;
}

/** What a safetensors file holds. */
export interface SafetensorsFile {
  readonly tensors: Map<string, StateTensor>;
  readonly metadata: Record<string, string>;
}

/** The limit of the reference implementation: a header is names and shapes, and larger ones only exhaust memory. */
const MAX_HEADER_BYTES = 100_000_000;
const LENGTH_BYTES = 8;

/**
 * A safetensors file as consecutive pieces: eight bytes of header length (little-endian), a JSON header padded with
 * spaces to a multiple of 8, then each tensor's values (float32 or int64) in the order of the map. The pieces after the first
 * are views of the tensors' own memory. Format: https://github.com/huggingface/safetensors#format
 */
export function encodeSafetensors(
  tensors: ReadonlyMap<string, StateTensor>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array[] {
  // Joined by hand: an object would move names that look like integers to the front.
  const fields: string[] = [];
  const chunks: Uint8Array[] = [];
  let offset = 0;
  if (Object.keys(metadata).length > 0) fields.push(`"__metadata__":${JSON.stringify(metadata)}`);
  for (const [name, tensor] of tensors) {
    const { shape, data } = tensor;
    if (name === '__metadata__' || name === '__proto__') throw new Error(`tensor name ${name} is reserved`);
    const size = elements(shape);
    if (size !== data.length) {
      throw new Error(`tensor ${name}: shape [${shape}] holds ${size} values, its data ${data.length}`);
    }
    const end = offset + data.byteLength;
    const entry = { dtype: isCounter(tensor) ? 'I64' : 'F32', shape, data_offsets: [offset, end] };
    fields.push(`${JSON.stringify(name)}:${JSON.stringify(entry)}`);
    chunks.push(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    offset = end;
  }
  const json = new TextEncoder().encode(`{${fields.join(',')}}`);
  const headerBytes = Math.ceil(json.length / 8) * 8;
  const head = new Uint8Array(LENGTH_BYTES + headerBytes).fill(0x20);
  new DataView(head.buffer).setBigUint64(0, BigInt(headerBytes), true);
  head.set(json, LENGTH_BYTES);
  return [head, ...chunks];
}

/**
 * Reads a safetensors file; what is not float32 or int64 is converted (`decodeTensor`). The tensors come in the order of the header, each with memory of its own.
 * Throws a UserError that names the file, and the tensor at fault, where the file cannot be read, breaks the format
 * or holds another dtype. No memory is claimed beyond a small multiple of the file's size.
 */
export async function readSafetensors(path: string): Promise<SafetensorsFile> {
  return withOpenFile(path, (handle) => readFrom(handle, path));
}

async function readFrom(handle: FileHandle, path: string): Promise<SafetensorsFile> {
  const stat = await handle.stat();
  if (!stat.isFile()) throw damaged(path, 'expected a regular file, got a directory or a device');
  if (stat.size < LENGTH_BYTES) {
    throw damaged(path, `expected at least ${LENGTH_BYTES} bytes of header length, got ${stat.size}`);
  }
  const prefix = await readBytes(handle, path, 0, new Uint8Array(LENGTH_BYTES));
  const headerBytes = Number(new DataView(prefix.buffer).getBigUint64(0, true));
  const limit = Math.min(stat.size - LENGTH_BYTES, MAX_HEADER_BYTES);
  if (headerBytes > limit) {
    throw damaged(path, `expected a header of at most ${limit} bytes, got a length of ${headerBytes}`);
  }
  const dataStart = LENGTH_BYTES + headerBytes;
  const bytes = await readBytes(handle, path, LENGTH_BYTES, new Uint8Array(headerBytes));
  const header = parseSafetensorsHeader(bytes, stat.size - dataStart, (problem) => damaged(path, problem));

  const tensors = new Map<string, StateTensor>();
  for (const entry of header.entries) {
    tensors.set(entry.name, await readTensor(handle, path, dataStart, entry));
  }
  return { tensors, metadata: header.metadata };
}

async function readTensor(
  handle: FileHandle,
  path: string,
  dataStart: number,
  entry: TensorEntry,
): Promise<StateTensor> {
  const { buffer } = await readBytes(
    handle,
    path,
    dataStart + entry.begin,
    new Uint8Array(entry.end - entry.begin),
  );
  return decodeTensor(ELEMENT_TYPES[entry.dtype], entry.shape, buffer, (problem) =>
    damaged(path, `tensor ${JSON.stringify(entry.name)}: ${problem}`),
  );
}

async function readBytes(
  handle: FileHandle,
  path: string,
  position: number,
  into: Uint8Array<ArrayBuffer>,
): Promise<Uint8Array<ArrayBuffer>> {
  await readExactly(handle, into, position, (length) =>
    damaged(path, `expected ${position + into.length} bytes, got ${length}`),
  );
  return into;
}

function damaged(path: string, problem: string): UserError {
  return new UserError(`${path}: not a usable safetensors file: ${problem}`, {
    hint: 'Write the file again, or name another one; gnet reads safetensors of floating-point numbers and integers.',
  });
}
