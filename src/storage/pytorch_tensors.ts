import { elements } from '../shape.js';
import { decodeTensor } from './element_types.js';
import type { Meanings } from './pickle.js';
import { isSize, type StorageReference, type TensorView } from './pytorch_objects.js';
import type { StateTensor } from './safetensors.js';

/** Where the bytes of storages are: as many as their length says, in memory of their own. */
export type ReadStorage = (storage: StorageReference) => Promise<Uint8Array<ArrayBuffer>>;

/** A view whose claims have been checked. */
interface CheckedView {
  readonly name: string;
  readonly storage: StorageReference;
  readonly offset: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
}

/** PyTorch has this limit. */
const MAX_RANK = 64;

/**
 * Reads tensors, each to memory of its own and in row-major order whatever its strides are. Every element of a storage
 * belongs to one tensor at most, so that all of them together are no larger than the file.
 */
export async function readTensors(
  views: ReadonlyMap<string, TensorView>,
  readStorage: ReadStorage,
  fail: Meanings['fail'],
): Promise<Map<string, StateTensor>> {
  const byStorage = new Map<string, CheckedView[]>();
  for (const [name, view] of views) {
    const checked = check(name, view, fail);
    const { key } = checked.storage;
    const sharing = byStorage.get(key) ?? [];
    byStorage.set(key, sharing);
    sharing.push(checked);
    const first = sharing[0]!.storage;
    if (first.type !== checked.storage.type || first.length !== checked.storage.length) {
      throw fail(`storage ${JSON.stringify(key)}: expected one type and length, got two`);
    }
  }
  // In the order of the names, though read storage by storage.
  const tensors = new Map<string, StateTensor>([...views.keys()].map((name) => [name, EMPTY]));
  for (const sharing of byStorage.values()) {
    const { storage } = sharing[0]!;
    const bytes = await readStorage(storage);
    const taken = new Uint8Array(storage.length);
    for (const view of sharing) {
      const { buffer } = pick(view, bytes, taken, sharing.length, fail);
      const ofTensor = (problem: string) => fail(`tensor ${JSON.stringify(view.name)}: ${problem}`);
      tensors.set(view.name, decodeTensor(storage.type, view.shape, buffer, ofTensor));
    }
  }
  return tensors;
}

const EMPTY: StateTensor = { shape: [0], data: new Float32Array(0) };

function check(
  name: string,
  { storage, offset, shape, strides }: TensorView,
  fail: Meanings['fail'],
): CheckedView {
  const subject = `tensor ${JSON.stringify(name)}`;
  if (!isSizes(shape) || !isSizes(strides) || shape.length !== strides.length || !isSize(offset)) {
    throw fail(`${subject}: expected an offset, and a size and a stride for each axis, from 0 on`);
  }
  const size = elements(shape);
  // A product past 2^53 is inexact, but then larger than any storage; NaN (0 × Infinity) is caught by the inequality.
  if (!(size <= storage.length)) {
    throw fail(
      `${subject}: expected at most the ${storage.length} elements of its storage, got shape [${shape}]`,
    );
  }
  const last = shape.reduce((sum, axis, i) => sum + (axis - 1) * strides[i]!, offset);
  if (size > 0 && !(last < storage.length)) {
    throw fail(
      `${subject}: expected to end within the ${storage.length} elements of its storage, got ${last + 1}`,
    );
  }
  return { name, storage, offset, shape, strides };
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.length <= MAX_RANK && value.every(isSize);
}

/** The bytes of a view in row-major order; those of the whole storage without a copy. */
function pick(
  { name, storage, offset, shape, strides }: CheckedView,
  bytes: Uint8Array<ArrayBuffer>,
  taken: Uint8Array,
  sharing: number,
  fail: Meanings['fail'],
): Uint8Array<ArrayBuffer> {
  const size = elements(shape);
  if (sharing === 1 && size === storage.length && isContiguous(shape, strides)) return bytes;
  const width = storage.type.bytes;
  const picked = new Uint8Array(size * width);
  const index = shape.map(() => 0);
  let at = offset;
  for (let i = 0; i < size; i++) {
    if (taken[at]) {
      throw fail(
        `tensor ${JSON.stringify(name)}: expected elements of its own, got some that overlap (tensor.clone() parts them)`,
      );
    }
    taken[at] = 1;
    for (let k = 0; k < width; k++) picked[i * width + k] = bytes[at * width + k]!;
    // The next index, the last axis fastest, and where it lies.
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      at += strides[axis]!;
      if (++index[axis]! < shape[axis]!) break;
      at -= strides[axis]! * shape[axis]!;
      index[axis] = 0;
    }
  }
  return picked;
}

function isContiguous(shape: readonly number[], strides: readonly number[]): boolean {
  let expected = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] !== 1 && strides[axis] !== expected) return false;
    expected *= shape[axis]!;
  }
  return true;
}
