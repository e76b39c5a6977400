import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deflateRawSync } from 'node:zlib';
import { beforeEach, expect, test } from 'vitest';
import { UserError } from '../../src/errors.js';
import { readPytorch } from '../../src/storage/pytorch_file.js';
import type { StateTensor } from '../../src/storage/safetensors.js';
import { runPython, whyNoPython } from '../helpers/python.js';
import { type Pickled, tensorOf, torchFile, torchWeights, type View } from '../helpers/pytorch.js';
import { temporaryDirectory } from '../helpers/temporary_directory.js';

let path = '';

beforeEach(() => {
  path = join(temporaryDirectory(), 'weights.pth');
});

/** What a file of these bytes reads as; the message where it is refused. */
async function read(bytes: Uint8Array): Promise<Map<string, StateTensor>> {
  writeFileSync(path, bytes);
  return (await readPytorch(path)).tensors;
}

async function refusal(bytes: Uint8Array): Promise<UserError> {
  const error = await read(bytes).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(UserError);
  expect((error as UserError).message).toContain(path);
  return error as UserError;
}

const floats = (...values: number[]) => new Uint8Array(Float32Array.of(...values).buffer);
const dict = (...entries: [string, Pickled][]) => new Map(entries);

/** A file of one tensor, `w`, on a storage of 0, 1, 2 … */
const oneTensor = (view: Partial<View> & Pick<View, 'shape' | 'strides'>, length = 6) =>
  torchFile(dict(['w', tensorOf({ length, ...view })]), { 0: floats(...Array(length).keys()) });

test('reads tensors of any strides in row-major order, in the order of the file', async () => {
  const file = torchFile(
    dict(
      ['t', tensorOf({ key: 'a', length: 6, shape: [3, 2], strides: [1, 3] })],
      ['part', tensorOf({ key: 'b', length: 8, offset: 1, shape: [2, 2], strides: [4, 2] })],
      ['count', tensorOf({ key: 'c', type: 'LongStorage', length: 1, shape: [], strides: [] })],
      ['empty', tensorOf({ key: 'd', length: 0, shape: [0, 3], strides: [3, 1] })],
    ),
    {
      a: floats(0, 1, 2, 3, 4, 5),
      b: floats(0, 1, 2, 3, 4, 5, 6, 7),
      c: new Uint8Array(BigInt64Array.of(-7n).buffer),
      d: floats(),
    },
  );
  expect([...(await read(file))]).toEqual([
    ['t', { shape: [3, 2], data: Float32Array.of(0, 3, 1, 4, 2, 5) }],
    ['part', { shape: [2, 2], data: Float32Array.of(1, 3, 5, 7) }],
    ['count', { shape: [], data: BigInt64Array.of(-7n) }],
    ['empty', { shape: [0, 3], data: new Float32Array(0) }],
  ]);
});

test('finds the state dict in what training scripts save around it', async () => {
  const weights = dict(['w', tensorOf({ length: 1, shape: [1], strides: [1] })]);
  writeFileSync(
    path,
    torchFile(dict(['epoch', 3], ['model', dict(['state_dict', weights])]), { 0: floats(5) }),
  );
  const { tensors, inside } = await readPytorch(path);
  expect(inside).toBe('model.state_dict');
  expect(tensors.get('w')).toEqual({ shape: [1], data: Float32Array.of(5) });
  const error = await refusal(torchFile(dict(['epoch', 3], ['elsewhere', weights]), { 0: floats(5) }));
  expect(error.message).toContain('expected a dict of tensors, or one under state_dict, model,');
  expect(error.message).toContain('got a dict with "epoch", "elsewhere"');
});

test('float64 that no float32 holds is refused, other numbers are rounded', async () => {
  const of = (...values: number[]) =>
    torchFile(
      dict([
        'w',
        tensorOf({ type: 'DoubleStorage', length: values.length, shape: [values.length], strides: [1] }),
      ]),
      {
        0: new Uint8Array(Float64Array.of(...values).buffer),
      },
    );
  const { data } = (await read(of(0.1, Number.NaN, -Infinity, 1 + 2 ** -24, 1 + 3 * 2 ** -24))).get('w')!;
  expect([...data]).toEqual([Math.fround(0.1), Number.NaN, -Infinity, 1, 1 + 2 ** -22]);
  expect((await refusal(of(1, 1e39))).message).toContain(
    'tensor "w": expected numbers within float32, got 1e+39',
  );
});

const missing = whyNoPython('torch', 'numpy');
const WRITE = `
import collections, json, sys, torch
torch.manual_seed(1)
base = torch.randn(5, 7)
tensors = collections.OrderedDict(
    conv=torch.randn(4, 3, 2, 2).to(memory_format=torch.channels_last), t=torch.randn(3, 4).t(),
    slice=base[1:4, ::3].clone().t(), half=torch.tensor([1/3, 65504, 6e-8, -0.0, float('inf')]).half(),
    bf16=torch.randn(9).bfloat16(), f64=torch.randn(9, dtype=torch.float64), count=torch.tensor(2**40),
    ints=torch.arange(-3, 3, dtype=torch.int32), flags=torch.tensor([True, False]), scalar=torch.tensor(0.1))
tensors['parameter'] = torch.nn.Parameter(base)
tensors['Ünïcode.' + 'x' * 300] = torch.ones(1)
tensors._metadata = collections.OrderedDict({'': {'version': 1}})
everything = {'epoch': 3, 'best': 0.5, 'big': 2**70, 'none': None, 'dtype': torch.float32, 'size': torch.Size([1, 2]),
            'list': [1, [2]], 'state_dict': tensors}
for protocol in range(2, 6):
    for form in ('zip', 'older'):
        torch.save(everything, f'{sys.argv[1]}.{protocol}.{form}', pickle_protocol=protocol,
                   _use_new_zipfile_serialization=form == 'zip')
whole = lambda x: x.to(torch.int64 if not x.is_floating_point() else torch.float32).contiguous()
print(json.dumps([[k, list(v.shape), str(whole(v).dtype), whole(v.detach()).numpy().tobytes().hex()] for k, v in tensors.items()]))`;

test.skipIf(missing)('agrees with torch to the bit, in all its protocols and both formats', async () => {
  const expected = runPython(WRITE, path);
  for (const file of [2, 3, 4, 5].flatMap((protocol) => [`${protocol}.zip`, `${protocol}.older`])) {
    const { tensors, inside } = await readPytorch(`${path}.${file}`);
    expect(inside).toBe('state_dict');
    const found = [...tensors].map(([name, { shape, data }]) => {
      const dtype = data instanceof BigInt64Array ? 'torch.int64' : 'torch.float32';
      return [name, shape, dtype, Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('hex')];
    });
    expect(found, file).toEqual(expected);
  }
});

test.skipIf(missing)('torch reads what the helper of these tests writes', async () => {
  const weights = new Map<string, StateTensor>([
    ['a.weight', { shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) }],
    ['n', { shape: [], data: BigInt64Array.of(9n) }],
  ]);
  writeFileSync(path, torchWeights(weights));
  const script = `
import json, sys, torch
print(json.dumps({k: [list(v.shape), v.flatten().tolist()] for k, v in torch.load(sys.argv[1], weights_only=True).items()}))`;
  expect(runPython(script, path)).toEqual({
    'a.weight': [
      [2, 3],
      [1, 2, 3, 4, 5, 6],
    ],
    n: [[], [9]],
  });
});

test('a pickle that calls os.system is refused by name, and nothing runs', async () => {
  const witness = join(temporaryDirectory(), 'witness');
  for (const name of ['os.system', 'posix.system', 'builtins.eval', '__builtin__.exec', 'torch.load']) {
    const object = dict(['w', { call: { global: name }, args: [`touch ${witness}`] }]);
    const error = await refusal(torchFile(object));
    expect(error.message).toContain(`refused: the file wants to call ${name}, and gnet calls nothing`);
    expect(error.hint).toContain('torch.save(model.state_dict(), "weights.pth")');
  }
  // Protocol 4 names it by two texts from the stack.
  const text = (value: string) => Buffer.concat([Buffer.from([0x8c, value.length]), Buffer.from(value)]);
  const stacked = [
    Buffer.from([0x80, 4]),
    text('posix'),
    text('system'),
    Buffer.from([0x93]),
    text('touch'),
    Buffer.from([0x85]),
  ];
  expect((await refusal(torchFile(Buffer.concat([...stacked, Buffer.from('R.')])))).message).toContain(
    'call posix.system',
  );
  expect(existsSync(witness)).toBe(false);
});

test.skipIf(missing)('the same of a file that torch wrote', async () => {
  const witness = join(temporaryDirectory(), 'witness');
  const script = `
import os, sys, torch
class Bad:
    def __reduce__(self): return os.system, ('touch ' + sys.argv[2],)
for form in ('zip', 'older'):
    torch.save({'w': torch.ones(2), 'x': Bad()}, f'{sys.argv[1]}.{form}', _use_new_zipfile_serialization=form == 'zip')
print('null')`;
  runPython(script, path, witness);
  for (const form of ['zip', 'older']) {
    await expect(readPytorch(`${path}.${form}`)).rejects.toThrow('the file wants to call posix.system');
  }
  expect(existsSync(witness)).toBe(false);
});

test.each<[string, Buffer, string]>([
  [
    'a shape that overflows',
    oneTensor({ shape: [2 ** 40, 2 ** 40], strides: [1, 1] }),
    'expected at most the 6 elements',
  ],
  [
    'a shape beyond its storage',
    oneTensor({ shape: [7], strides: [1] }),
    'expected at most the 6 elements of its storage',
  ],
  [
    'an offset beyond it',
    oneTensor({ offset: 5, shape: [2], strides: [1] }),
    'expected to end within the 6 elements',
  ],
  [
    'a stride beyond it',
    oneTensor({ shape: [2], strides: [2 ** 53 - 1] }),
    'expected to end within the 6 elements',
  ],
  [
    'a negative stride',
    oneTensor({ offset: 5, shape: [2], strides: [-1] }),
    'expected an offset, and a size and a stride',
  ],
  [
    'a negative size',
    oneTensor({ shape: [-1], strides: [1] }),
    'expected an offset, and a size and a stride',
  ],
  [
    'a size that no number holds',
    oneTensor({ shape: [2 ** 60], strides: [1] }),
    'expected an offset, and a size',
  ],
  [
    'more strides than axes',
    oneTensor({ shape: [2], strides: [1, 1] }),
    'expected an offset, and a size and a stride',
  ],
  [
    'elements that are repeated',
    oneTensor({ shape: [2, 2], strides: [0, 1] }),
    'tensor "w": expected elements of its own',
  ],
  [
    'a storage that is not there',
    oneTensor({ key: '7', shape: [1], strides: [1] }),
    '"archive/data/7": expected 24 bytes, got no such',
  ],
  [
    'a storage of another length',
    oneTensor({ length: 7, shape: [1], strides: [1] }),
    '"archive/data/0": expected 28 bytes, got 24',
  ],
  [
    'an immense storage',
    oneTensor({ length: 2 ** 50, shape: [1], strides: [1] }),
    'expected 4503599627370496 bytes, got 24',
  ],
  [
    'tensors that overlap',
    torchFile(
      dict(
        ['a', tensorOf({ length: 6, shape: [4], strides: [1] })],
        ['b', tensorOf({ length: 6, offset: 3, shape: [3], strides: [1] })],
      ),
      { 0: floats(...Array(6).keys()) },
    ),
    'tensor "b": expected elements of its own, got some that overlap',
  ],
  [
    'a storage of two types',
    torchFile(
      dict(
        ['a', tensorOf({ length: 6, shape: [1], strides: [1] })],
        ['b', tensorOf({ type: 'LongStorage', length: 3, offset: 1, shape: [1], strides: [1] })],
      ),
      { 0: floats(...Array(6).keys()) },
    ),
    'storage "0": expected one type and length, got two',
  ],
  [
    'a name that reaches a prototype',
    torchFile(dict(['__proto__', tensorOf({ length: 1, shape: [], strides: [] })]), { 0: floats(1) }),
    'another than "__proto__"',
  ],
  [
    'a key that leaves the archive',
    oneTensor({ key: '../../x', shape: [1], strides: [1] }),
    'got no such file',
  ],
  [
    'a single tensor',
    torchFile(tensorOf({ length: 1, shape: [], strides: [] }), { 0: floats(1) }),
    'expected a dict of tensors',
  ],
  [
    'numbers of a big-endian machine',
    torchFile(dict(), {}, { 'archive/byteorder': 'big' }),
    'little-endian machine',
  ],
  [
    'a TorchScript program',
    torchFile(dict(), {}, { 'archive/constants.pkl': '' }),
    'got a TorchScript program',
  ],
  [
    'two pickles',
    torchFile(dict(), {}, { 'b/data.pkl': '' }),
    'expected one data.pkl in a folder of the archive, got 2',
  ],
  ['no pickle', torchFile(dict(), {}, {}).subarray(0, 0), 'not a usable PyTorch file'],
  ['an opcode for classes', torchFile(Buffer.from([0x80, 2, 0x5d, 0x29, 0x81, 0x2e])), 'got the opcode 0x81'],
  ['an empty stack', torchFile(Buffer.from([0x80, 2, 0x52, 0x2e])), 'expected a value on the stack'],
  ['no mark', torchFile(Buffer.from([0x80, 2, 0x74, 0x2e])), 'expected a mark on the stack'],
  [
    'text beyond the end',
    torchFile(Buffer.from([0x58, 255, 255, 255, 255, 0x2e])),
    'expected 4294967295 bytes more of the pickle, got 1',
  ],
  [
    'a memo that is empty',
    torchFile(Buffer.from([0x68, 3, 0x2e])),
    'expected a value in place 3 of the memo',
  ],
  ['no end', torchFile(Buffer.from([0x80, 2, 0x4e])), 'expected 1 bytes more of the pickle'],
  [
    'marks without end',
    torchFile(Buffer.alloc(600_000, '(')),
    'expected a pickle of at most 500000 opcodes, got more',
  ],
  [
    'deep nesting',
    torchFile(Buffer.concat([Buffer.alloc(200_000, ']'), Buffer.alloc(199_999, 'a'), Buffer.from('.')])),
    'got something else',
  ],
  [
    'a large integer',
    torchFile(Buffer.from([0x8b, 255, 255, 255, 127, 0x2e])),
    'expected an integer of at most 255 bytes',
  ],
])('refuses %s', async (_, bytes, message) => {
  expect((await refusal(bytes)).message).toContain(message);
});

test('a pickle that doubles itself a hundred times costs nothing', async () => {
  // l = []; then a hundred times: l = [l, l], by way of the memo.
  const doubling = Array.from({ length: 100 }, () => [0x71, 0, 0x5d, 0x28, 0x68, 0, 0x68, 0, 0x65]).flat();
  const bytes = torchFile(Buffer.from([0x80, 2, 0x5d, ...doubling, 0x2e]));
  expect((await refusal(bytes)).message).toContain('expected a dict of tensors');
});

test('refuses what is compressed, lies over another file, is there twice, or has another checksum', async () => {
  const bomb = oneTensor({ shape: [6], strides: [1] });
  const entry = bomb.indexOf('PK\x01\x02');
  const compressed = Buffer.from(bomb);
  compressed.writeUInt16LE(8, entry + 10);
  expect((await refusal(compressed)).message).toContain('got a compressed one');
  const packed = deflateRawSync(Buffer.alloc(1 << 20));
  const zipBomb = Buffer.from(torchFile(packed));
  const directory = zipBomb.indexOf('PK\x01\x02');
  zipBomb.writeUInt16LE(8, directory + 10);
  zipBomb.writeUInt32LE(1 << 30, directory + 24);
  expect((await refusal(zipBomb)).message).toContain('got a compressed one');
  const encrypted = Buffer.from(bomb);
  encrypted.writeUInt16LE(1, entry + 8);
  await refusal(encrypted);
  // The second entry of the directory points at the first one's data.
  const overlapping = Buffer.from(bomb);
  overlapping.writeUInt32LE(0, bomb.indexOf('PK\x01\x02', entry + 4) + 42);
  expect((await refusal(overlapping)).message).toContain('got one that overlaps another file');
  const twice = Buffer.from(torchFile(dict(), {}, { 'archive/versiom': '' }));
  twice.write('n', twice.lastIndexOf('archive/versiom') + 'archive/versio'.length);
  expect((await refusal(twice)).message).toContain('expected it once in the archive, got it twice');
  const flipped = Buffer.from(bomb);
  flipped[bomb.indexOf(Buffer.from(floats(5))) + 2]! ^= 1;
  expect((await refusal(flipped)).message).toContain('expected the bytes of its CRC-32, got others');
});
