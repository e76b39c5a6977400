import type { StateTensor } from '../../src/storage/safetensors.js';
import { isCounter } from '../../src/storage/safetensors.js';
import { type ZipFiles, zip } from './zip.js';

/** What a pickle is written of: arrays become tuples, maps dicts. */
export type Pickled =
  | null
  | boolean
  | number
  | string
  | readonly Pickled[]
  | ReadonlyMap<string, Pickled>
  | { readonly global: string }
  | { readonly call: Pickled; readonly args: readonly Pickled[] }
  | { readonly persistent: Pickled }
  | { readonly raw: Uint8Array };

/** Opcodes of protocol 2. An integer is one of 32 bits where it fits, else one of 64. */
export function pickle(value: Pickled): Buffer {
  return Buffer.concat([Buffer.from([0x80, 2]), ...opcodes(value), Buffer.from('.')]);
}

function opcodes(value: Pickled): Buffer[] {
  if (value === null) return [Buffer.from('N')];
  if (typeof value === 'boolean') return [Buffer.from([value ? 0x88 : 0x89])];
  if (typeof value === 'number') return [integer(value)];
  if (typeof value === 'string') {
    const text = Buffer.from(value);
    const length = Buffer.alloc(4);
    length.writeUInt32LE(text.length);
    return [Buffer.from('X'), length, text];
  }
  if (value instanceof Map) {
    const pairs = [...value].flatMap(([key, item]) => [...opcodes(key), ...opcodes(item)]);
    return [Buffer.from('}('), ...pairs, Buffer.from('u')];
  }
  if (Array.isArray(value)) return [Buffer.from('('), ...value.flatMap(opcodes), Buffer.from('t')];
  const node = value as Exclude<Pickled, null | boolean | number | string | readonly Pickled[]>;
  if ('global' in node) {
    const dot = node.global.lastIndexOf('.');
    return [Buffer.from(`c${node.global.slice(0, dot)}\n${node.global.slice(dot + 1)}\n`)];
  }
  if ('call' in node) return [...opcodes(node.call), ...opcodes(node.args), Buffer.from('R')];
  if ('persistent' in node) return [...opcodes(node.persistent), Buffer.from('Q')];
  return [Buffer.from((node as { raw: Uint8Array }).raw)];
}

function integer(value: number): Buffer {
  if (value === (value | 0)) {
    const bytes = Buffer.alloc(5, 'J');
    bytes.writeInt32LE(value, 1);
    return bytes;
  }
  const bytes = Buffer.from([0x8a, 9, ...new Array(9).fill(0)]);
  bytes.writeBigUInt64LE(BigInt(value), 2);
  return bytes;
}

export interface View {
  readonly type?: string;
  readonly key?: string;
  /** Elements of the storage. */
  readonly length: number;
  readonly offset?: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
}

/** A tensor in a pickle. */
export function tensorOf({
  type = 'FloatStorage',
  key = '0',
  length,
  offset = 0,
  shape,
  strides,
}: View): Pickled {
  const storage = { persistent: ['storage', { global: `torch.${type}` }, key, 'cpu', length] };
  const hooks = { call: { global: 'collections.OrderedDict' }, args: [] };
  return {
    call: { global: 'torch._utils._rebuild_tensor_v2' },
    args: [storage, offset, shape, strides, false, hooks],
  };
}

/** A file of torch.save: a pickled object, and the bytes of its storages by key. */
export function torchFile(
  object: Pickled | Buffer,
  storages: Readonly<Record<string, Uint8Array>> = {},
  others: ZipFiles = {},
): Buffer {
  const data = Object.entries(storages).map(([key, bytes]) => [`archive/data/${key}`, bytes]);
  return zip({
    'archive/data.pkl': Buffer.isBuffer(object) ? object : pickle(object),
    'archive/byteorder': 'little',
    ...Object.fromEntries(data),
    'archive/version': '3\n',
    ...others,
  });
}

/** The object and the storages of a state dict. */
export function stateDictParts(tensors: ReadonlyMap<string, StateTensor>): {
  object: ReadonlyMap<string, Pickled>;
  storages: Record<string, Uint8Array>;
} {
  const entries = [...tensors].map(([name, tensor], i) => {
    const { shape, data } = tensor;
    const strides = shape.map((_, axis) =>
      shape.slice(axis + 1).reduce((product, size) => product * size, 1),
    );
    const type = isCounter(tensor) ? 'LongStorage' : 'FloatStorage';
    const view = tensorOf({ type, key: String(i), length: data.length, shape, strides });
    return { name, view, bytes: new Uint8Array(data.buffer, data.byteOffset, data.byteLength) };
  });
  return {
    object: new Map(entries.map(({ name, view }) => [name, view])),
    storages: Object.fromEntries(entries.map(({ bytes }, i) => [String(i), bytes])),
  };
}

/** A state dict as torch.save writes it. */
export function torchWeights(tensors: ReadonlyMap<string, StateTensor>): Buffer {
  const { object, storages } = stateDictParts(tensors);
  return torchFile(object, storages);
}

/** The same in the format of before PyTorch 1.6: five pickles, then of each storage its length and its bytes. */
export function olderTorchWeights(tensors: ReadonlyMap<string, StateTensor>): Buffer {
  const { object, storages } = stateDictParts(tensors);
  const magic = { raw: Buffer.from('8a0a6cfc9c46f9206aa85019', 'hex') };
  const machine = new Map<string, Pickled>([['little_endian', true]]);
  const head = [magic, 1001, machine, object, Object.keys(storages)].map(pickle);
  const lengths = [...tensors.values()].map(({ data }) => {
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(data.length));
    return length;
  });
  const numbers = Object.values(storages).flatMap((bytes, i) => [lengths[i]!, Buffer.from(bytes)]);
  return Buffer.concat([...head, ...numbers]);
}
