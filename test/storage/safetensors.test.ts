import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { UserError } from '../../src/errors.js';
import { writeFileAtomic } from '../../src/storage/atomic.js';
import {
  encodeSafetensors,
  type NamedTensor,
  readSafetensors,
  type StateTensor,
} from '../../src/storage/safetensors.js';
import { runPython, whyNoPython } from '../helpers/python.js';
import { temporaryDirectory } from '../helpers/temporary_directory.js';

const TENSORS = new Map<string, NamedTensor>([
  [
    'conv1.weight',
    { shape: [2, 1, 3], data: Float32Array.of(1.5, -0, Number.NaN, 1e-45, 3.4e38, -Infinity) },
  ],
  ['7', { shape: [], data: Float32Array.of(0.1) }],
  ['empty', { shape: [0, 4], data: new Float32Array(0) }],
  ['bias', { shape: [2], data: new Float32Array(new ArrayBuffer(16), 4, 2).fill(9) }],
]);

/** Counters among others: the third begins at no multiple of its size. */
const COUNTERS = new Map<string, StateTensor>([
  ['bn.weight', { shape: [3], data: Float32Array.of(1, 2, 3) }],
  ['bn.num_batches_tracked', { shape: [], data: BigInt64Array.of(7n) }],
  ['bn.bias', { shape: [1], data: Float32Array.of(4) }],
  ['extremes', { shape: [2, 2], data: BigInt64Array.of(2n ** 63n - 1n, -(2n ** 63n), 2n ** 53n + 1n, -1n) }],
  ['none', { shape: [0], data: new BigInt64Array(0) }],
]);

/** Writes a file with any header and data, padded or not. */
function writeFile(header: unknown, data: Uint8Array, headerBytes?: bigint): string {
  const path = join(temporaryDirectory(), 'x.safetensors');
  const json = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(headerBytes ?? BigInt(json.length));
  writeFileSync(path, Buffer.concat([length, json, data]));
  return path;
}

const f32 = (shape: unknown, ...offsets: unknown[]) => ({ dtype: 'F32', shape, data_offsets: offsets });
const DTYPES = 'F32, F64, F16, BF16, I64, I32, I16, I8, U8, BOOL';
const i64 = (shape: unknown, ...offsets: unknown[]) => ({ ...f32(shape, ...offsets), dtype: 'I64' });

test('encodes as the format says, to the byte', () => {
  const chunks = encodeSafetensors(new Map([['a', { shape: [2], data: Float32Array.of(1, -2) }]]), {
    k: 'v',
  });
  const bytes = Buffer.concat(chunks);
  const json = '{"__metadata__":{"k":"v"},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}';
  expect(bytes.readBigUInt64LE(0)).toBe(80n);
  expect(bytes.subarray(8, 88).toString()).toBe(json.padEnd(80));
  expect(bytes.subarray(88)).toEqual(Buffer.from([0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0]));
});

test('encodes int64 as the format says, to the byte', () => {
  const counter = { shape: [], data: BigInt64Array.of(-2n) };
  const bytes = Buffer.concat(encodeSafetensors(new Map([['n', counter]])));
  const json = '{"n":{"dtype":"I64","shape":[],"data_offsets":[0,8]}}';
  expect(bytes.readBigUInt64LE(0)).toBe(56n);
  expect(bytes.subarray(8, 64).toString()).toBe(json.padEnd(56));
  expect(bytes.subarray(64)).toEqual(Buffer.from([0xfe, 255, 255, 255, 255, 255, 255, 255]));
});

test('reads counters back, of any size and wherever they begin', async () => {
  const path = join(temporaryDirectory(), 'x.safetensors');
  await writeFileAtomic(path, encodeSafetensors(COUNTERS));
  const { tensors } = await readSafetensors(path);
  expect(tensors).toEqual(COUNTERS);
  expect(tensors.get('bn.weight')!.data).toBeInstanceOf(Float32Array);
});

test('does not copy the tensors, and keeps the order of the map', () => {
  const [head, ...chunks] = encodeSafetensors(TENSORS);
  const tensors = [...TENSORS.values()];
  expect(chunks.map((chunk) => chunk.buffer)).toEqual(tensors.map(({ data }) => data.buffer));
  chunks.forEach((chunk, index) => {
    expect(chunk.buffer).toBe(tensors[index]!.data.buffer);
  });
  const json = Buffer.from(head!.subarray(8)).toString();
  expect(json.indexOf('"conv1.weight"')).toBeLessThan(json.indexOf('"7"'));
  expect(head!.length % 8).toBe(0);
});

test('refuses to encode a shape that is not that of the data', () => {
  const wrong = new Map([['a', { shape: [3], data: new Float32Array(2) }]]);
  expect(() => encodeSafetensors(wrong)).toThrow('tensor a: shape [3] holds 3 values, its data 2');
  const counter = new Map([['n', { shape: [], data: new BigInt64Array(2) }]]);
  expect(() => encodeSafetensors(counter)).toThrow('tensor n: shape [] holds 1 values, its data 2');
});

test('reads back every bit: negative zero, NaN, subnormals, scalars, empty tensors, metadata', async () => {
  const path = join(temporaryDirectory(), 'x.safetensors');
  await writeFileAtomic(path, encodeSafetensors(TENSORS, { format: 'pt' }));
  const { tensors, metadata } = await readSafetensors(path);
  expect(metadata).toEqual({ format: 'pt' });
  expect([...tensors.keys()].sort()).toEqual(['7', 'bias', 'conv1.weight', 'empty']);
  for (const [name, { shape, data }] of TENSORS) {
    expect(tensors.get(name)!.shape).toEqual(shape);
    expect(new Uint8Array(tensors.get(name)!.data.buffer)).toEqual(
      new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
    );
  }
});

test('reads a header without padding, whose tensors lie in another order and unaligned', async () => {
  const data = new Uint8Array(Float32Array.of(1, 2, 3).buffer);
  const path = writeFile({ b: f32([2], 4, 12), a: f32([1, 1], 0, 4) }, data);
  const { tensors } = await readSafetensors(path);
  expect(tensors.get('a')).toEqual({ shape: [1, 1], data: Float32Array.of(1) });
  expect(tensors.get('b')).toEqual({ shape: [2], data: Float32Array.of(2, 3) });
});

const data8 = new Uint8Array(8);
test.each<[string, unknown, string]>([
  [
    'dtype',
    { w: { ...f32([2], 0, 4), dtype: 'F8_E4M3' } },
    'tensor "w": expected a dtype among F32, F64, F16, BF16, I64, I32, I16, I8, U8, BOOL, got "F8_E4M3"',
  ],
  ...(['U64', 'F8_E4M3', 'constructor', 'i64', 'I64 ', '', null, 64, ['I64']] as const).map(
    (dtype): [string, unknown, string] => [
      `dtype ${JSON.stringify(dtype)}`,
      { n: { ...i64([], 0, 8), dtype } },
      `tensor "n": expected a dtype among ${DTYPES}, got ${JSON.stringify(dtype)}`,
    ],
  ),
  ['no dtype', { n: { shape: [], data_offsets: [0, 8] } }, `expected a dtype among ${DTYPES}, got nothing`],
  [
    'half a counter',
    { n: i64([], 0, 4), w: f32([1], 4, 8) },
    'tensor "n": expected 8 bytes for shape [], got 4',
  ],
  ['counters as float32', { n: i64([2], 0, 8) }, 'tensor "n": expected 16 bytes for shape [2], got 8'],
  ['float32 as counter', { n: f32([], 0, 8) }, 'tensor "n": expected 4 bytes for shape [], got 8'],
  [
    'bytes beyond 2^53',
    { n: i64([2 ** 51], 0, 8) },
    'tensor "n": expected 18014398509481984 bytes for shape [2251799813685248], got 8',
  ],
  // 2^64 bytes, which as uint64 are none.
  [
    'bytes that wrap around',
    { n: i64([2 ** 31, 2 ** 30], 0, 0), w: f32([2], 0, 8) },
    'tensor "n": expected 18446744073709552000 bytes',
  ],
  [
    'size beyond 2^53',
    '{"n":{"dtype":"I64","shape":[9007199254740993],"data_offsets":[0,8]}}',
    'non-negative integers',
  ],
  [
    'offset beyond 2^53',
    '{"n":{"dtype":"I64","shape":[1],"data_offsets":[0,9007199254740993]}}',
    'data_offsets [begin, end]',
  ],
  ['infinite size', '{"n":{"dtype":"I64","shape":[1e999,0],"data_offsets":[0,8]}}', 'non-negative integers'],
  [
    'counters that overlap',
    { a: i64([1], 0, 8), b: i64([1], 0, 8) },
    'tensor "b": expected to begin at byte 8, got 0: an overlap',
  ],
  [
    'negative size',
    { w: f32([-2], 0, 8) },
    'tensor "w": expected a shape of non-negative integers, got [-2]',
  ],
  ['fraction', { w: f32([0.5, 4], 0, 8) }, 'expected a shape of non-negative integers'],
  ['text in shape', { w: f32(['2'], 0, 8) }, 'expected a shape of non-negative integers'],
  [
    'no shape',
    { w: { dtype: 'F32', data_offsets: [0, 8] } },
    'expected a shape of non-negative integers, got nothing',
  ],
  ['huge shape', { w: f32([2 ** 52, 2 ** 52], 0, 8) }, 'tensor "w": expected 8.112963841460668e+31 bytes'],
  ['size', { w: f32([3], 0, 8) }, 'tensor "w": expected 12 bytes for shape [3], got 8'],
  [
    'beyond the end',
    { w: f32([4], 0, 16) },
    'tensor "w": expected data_offsets [begin, end] within 0 to 8, got [0,16]',
  ],
  ['reversed', { w: f32([2], 8, 0) }, 'expected data_offsets [begin, end] within 0 to 8, got [8,0]'],
  ['negative offset', { w: f32([2], -8, 0) }, 'expected data_offsets'],
  ['three offsets', { w: f32([2], 0, 8, 8) }, 'expected data_offsets'],
  [
    'overlap',
    { a: f32([2], 0, 8), b: f32([1], 4, 8) },
    'tensor "b": expected to begin at byte 8, got 4: an overlap',
  ],
  [
    'same place',
    { a: f32([2], 0, 8), b: f32([2], 0, 8) },
    'tensor "b": expected to begin at byte 8, got 0: an overlap',
  ],
  ['hole', { a: f32([1], 4, 8) }, 'tensor "a": expected to begin at byte 0, got 4: a hole before it'],
  ['data left over', { a: f32([1], 0, 4) }, 'expected 4 bytes of tensor data, got 8'],
  ['no tensors', {}, 'expected 0 bytes of tensor data, got 8'],
  [
    'prototype',
    '{"__proto__":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}',
    'tensor "__proto__": expected another',
  ],
  [
    'metadata prototype',
    '{"__metadata__":{"__proto__":"x"}}',
    '__metadata__: expected a key other than "__proto__"',
  ],
  [
    'metadata value',
    { __metadata__: { a: 1 }, w: f32([2], 0, 8) },
    '__metadata__.a: expected a string, got 1',
  ],
  ['null entry', { w: null }, 'tensor "w": expected an object, got null'],
  ['not JSON', '{"w":', 'expected a JSON header, got '],
  // As JSON.parse builds them, each of these would take a hundred bytes and more.
  ['brackets without end', `{"w":${'['.repeat(1_000_000)}`, 'expected at most 3 levels of brackets'],
  ['values without end', `{"w":[${'0,'.repeat(1_000_001)}0]}`, 'expected at most 1000000 values'],
  ['another file', 'PK\u0003\u0004', 'expected a header that starts with "{", got byte 80'],
])('refuses a bad header: %s', async (_, header, message) => {
  const path = writeFile(header, data8);
  const error = await readSafetensors(path).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(UserError);
  expect((error as Error).message).toContain(path);
  expect((error as Error).message).toContain(message);
});

test('reads names and metadata that hold brackets, commas and quotes', async () => {
  const name = '[[[[{{{{,,"\\"]\\';
  const path = writeFile(
    { __metadata__: { [name]: name }, [name]: { dtype: 'F32', shape: [2], data_offsets: [0, 8] } },
    data8,
  );
  const { tensors, metadata } = await readSafetensors(path);
  expect([...tensors.keys(), ...Object.entries(metadata).flat()]).toEqual([name, name, name]);
});

test('refuses bytes that are not UTF-8', async () => {
  const path = writeFile('{"?":1}', data8);
  const bytes = readFileSync(path);
  bytes[10] = 0xff;
  writeFileSync(path, bytes);
  await expect(readSafetensors(path)).rejects.toThrow('expected a JSON header');
});

test('refuses a header length beyond the file without claiming memory for it', async () => {
  const path = writeFile('{}', data8, 2n ** 40n);
  await expect(readSafetensors(path)).rejects.toThrow(
    `${path}: not a usable safetensors file: expected a header of at most 10 bytes, got a length of 1099511627776`,
  );
});

test('refuses a file that was cut short, wherever', async () => {
  const directory = temporaryDirectory();
  const path = join(directory, 'x.safetensors');
  const bytes = Buffer.concat(encodeSafetensors(TENSORS));
  for (let length = 0; length < bytes.length; length += 5) {
    writeFileSync(path, bytes);
    truncateSync(path, length);
    await expect(readSafetensors(path), `${length} bytes`).rejects.toBeInstanceOf(UserError);
  }
});

test('says so where there is no file, or a directory', async () => {
  const directory = temporaryDirectory();
  const missing = join(directory, 'missing');
  await expect(readSafetensors(missing)).rejects.toThrow(`cannot read ${missing}: no such file or directory`);
  await expect(readSafetensors(directory)).rejects.toThrow(
    `${directory}: not a usable safetensors file: expected a reg`,
  );
});

test('agrees with the safetensors package of Python, both ways', async ({ skip }) => {
  const why = whyNoPython('safetensors.numpy', 'numpy');
  if (why !== null) skip(why);
  const all = new Map<string, StateTensor>([...TENSORS, ...COUNTERS]);
  const directory = temporaryDirectory();
  const [ours, theirs] = [join(directory, 'ours'), join(directory, 'theirs')];
  await writeFileAtomic(ours, encodeSafetensors(all, { format: 'pt' }));
  const script = `
import json, sys
from safetensors import safe_open
from safetensors.numpy import load_file, save_file
tensors = load_file(sys.argv[1])
save_file(tensors, sys.argv[2], metadata={'by': 'python'})
with safe_open(sys.argv[1], 'numpy') as file: metadata = file.metadata()
print(json.dumps([{k: [v.dtype.name, list(v.shape), v.tobytes().hex()] for k, v in tensors.items()}, metadata]))`;
  const hex = ({ shape, data }: StateTensor) => [
    data instanceof BigInt64Array ? 'int64' : 'float32',
    shape,
    Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('hex'),
  ];
  const expected = Object.fromEntries([...all].map(([name, tensor]) => [name, hex(tensor)]));
  expect(runPython(script, ours, theirs)).toEqual([expected, { format: 'pt' }]);
  const { tensors, metadata } = await readSafetensors(theirs);
  expect(Object.fromEntries([...tensors].map(([name, tensor]) => [name, hex(tensor)]))).toEqual(expected);
  expect(metadata).toEqual({ by: 'python' });
});

test('converts other types as PyTorch does', async ({ skip }) => {
  const why = whyNoPython('torch', 'safetensors.torch', 'numpy');
  if (why !== null) skip(why);
  const path = join(temporaryDirectory(), 'x.safetensors');
  const script = `
import json, sys, torch
from safetensors.torch import save_file
bits = torch.arange(-2**15, 2**15, 7, dtype=torch.int32).to(torch.int16)
tensors = {'F16': bits.view(torch.float16).clone(), 'BF16': bits.clone().view(torch.bfloat16), 'F64': torch.linspace(-3, 3, 1001, dtype=torch.float64) ** 9,
           'I32': torch.tensor([-2**31, 7], dtype=torch.int32), 'I8': torch.tensor([-128, 127], dtype=torch.int8), 'BOOL': torch.tensor([True, False])}
save_file(tensors, sys.argv[1])
whole = lambda v: v.float().nan_to_num(12345.0) if v.is_floating_point() else v.long()
print(json.dumps({k: whole(v).tolist() for k, v in tensors.items()}))`;
  const expected = runPython(script, path) as Record<string, number[]>;
  const { tensors } = await readSafetensors(path);
  // nan_to_num of torch puts the largest float32 for infinity.
  const plain = (x: number) =>
    Number.isNaN(x) ? 12345 : Math.max(-LARGEST_FLOAT32, Math.min(LARGEST_FLOAT32, x));
  for (const [name, values] of Object.entries(expected)) {
    const found = Array.from(tensors.get(name)!.data as Iterable<number | bigint>, Number);
    expect(found.map(plain), name).toEqual(values);
  }
});

const LARGEST_FLOAT32 = (2 - 2 ** -23) * 2 ** 127;
