import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { UserError } from '../../src/errors.js';
import { elements } from '../../src/shape.js';
import { readPytorch } from '../../src/storage/pytorch_file.js';
import { encodeSafetensors, readSafetensors, type StateTensor } from '../../src/storage/safetensors.js';
import { olderTorchWeights, pickle, stateDictParts, torchFile, torchWeights } from '../helpers/pytorch.js';
import { TestRandom } from '../helpers/random.js';
import { temporaryDirectory } from '../helpers/temporary_directory.js';

const numbers = (shape: number[], from: number): StateTensor => ({
  shape,
  data: Float32Array.from({ length: elements(shape) }, (_, i) => from + i / 7),
});
const WEIGHTS = new Map<string, StateTensor>([
  ['conv1.weight', numbers([4, 3, 3, 3], 1)],
  ['bn1.num_batches_tracked', { shape: [], data: BigInt64Array.of(7n) }],
  ['fc.weight', numbers([5, 4], -2)],
  ['fc.bias', numbers([5], 9)],
]);

let path = '';
let allocated = 0;
beforeEach(() => {
  path = join(temporaryDirectory(), 'weights');
  const { Uint8Array: Plain } = globalThis;
  // Storages and tensors are read to memory that is made so: what is asked for is counted, though it may not be had.
  class Counting extends Plain {
    constructor(...args: unknown[]) {
      if (typeof args[0] === 'number') allocated += args[0];
      super(...(args as [number]));
    }
  }
  vi.stubGlobal('Uint8Array', Counting);
});
afterEach(() => {
  vi.unstubAllGlobals();
});

/** Values that lengths, offsets and counts may be replaced by. */
const EXTREMES = [
  0n,
  1n,
  0x7fn,
  0xffn,
  0xffffn,
  0x7fffffffn,
  0xffffffffn,
  2n ** 53n,
  2n ** 63n,
  2n ** 64n - 1n,
];

/** A copy with a bit turned over, bytes that are others, a number that is another, or an end that is missing. */
function mutated(bytes: Buffer, random: TestRandom): Buffer {
  const copy = Buffer.from(bytes);
  for (let times = random.integer(1, 3); times > 0; times--) {
    const at = random.integer(0, copy.length - 1);
    switch (random.integer(0, 4)) {
      case 0:
      case 1:
        copy[at]! ^= 1 << random.integer(0, 7);
        break;
      case 2:
        copy[at] = random.integer(0, 255);
        break;
      case 3: {
        const number = Buffer.alloc(8);
        number.writeBigUInt64LE(random.pick(EXTREMES));
        number.copy(copy, at, 0, random.pick([1, 2, 4, 8]));
        break;
      }
      default:
        return copy.subarray(0, at);
    }
  }
  return copy;
}

/** Reads a file that was tampered with: its tensors, or null where it is refused as a user's mistake. */
async function attempt(
  bytes: Buffer,
  read: (file: string) => Promise<{ tensors: Map<string, StateTensor> }>,
): Promise<Map<string, StateTensor> | null> {
  writeFileSync(path, bytes);
  allocated = 0;
  const result = await read(path).catch((error: unknown) => error);
  expect(allocated).toBeLessThan(4 * bytes.length + 1000);
  if (result instanceof UserError) return null;
  if (result instanceof Error) throw result;
  const { tensors } = result as { tensors: Map<string, StateTensor> };
  const held = [...tensors.values()].reduce((sum, { data }) => sum + data.byteLength, 0);
  expect(held).toBeLessThan(8 * bytes.length);
  for (const { shape, data } of tensors.values()) expect(data.length).toBe(elements(shape));
  return tensors;
}

/** How many of the mutations were refused. */
async function refusals(
  count: number,
  seed: number,
  once: (random: TestRandom) => Promise<boolean>,
): Promise<number> {
  const random = new TestRandom(seed);
  let refused = 0;
  for (let i = 0; i < count; i++) if (await once(random)) refused++;
  return refused;
}

test('600 mutations of a .pth: refused, or the right tensors', async () => {
  const file = torchWeights(WEIGHTS);
  const refused = await refusals(600, 1, async (random) => {
    const tensors = await attempt(mutated(file, random), readPytorch);
    if (tensors) expect(tensors).toEqual(WEIGHTS);
    return tensors === null;
  });
  expect(refused).toBeGreaterThan(450);
});

test('600 mutations of its pickle, with checksums that are right', async () => {
  const { object, storages } = stateDictParts(WEIGHTS);
  const program = pickle(object);
  const refused = await refusals(600, 2, async (random) => {
    return (await attempt(torchFile(mutated(program, random), storages), readPytorch)) === null;
  });
  expect(refused).toBeGreaterThan(450);
});

test('600 mutations of the older format, which has no checksums', async () => {
  const file = olderTorchWeights(WEIGHTS);
  const whole = await attempt(file, readPytorch);
  expect(whole).toEqual(WEIGHTS);
  const refused = await refusals(600, 3, async (random) => {
    return (await attempt(mutated(file, random), readPytorch)) === null;
  });
  expect(refused).toBeGreaterThan(300);
});

/** What the header of a safetensors file says of each tensor, and its bytes. */
function plainReading(bytes: Buffer): Map<string, Buffer> {
  const end = 8 + Number(bytes.readBigUInt64LE(0));
  const header = Object.entries(JSON.parse(bytes.toString('utf8', 8, end))) as [
    string,
    { data_offsets: number[] },
  ][];
  return new Map(
    header.map(
      ([
        name,
        {
          data_offsets: [from, to],
        },
      ]) => [name, bytes.subarray(end + from!, end + to!)],
    ),
  );
}

test('600 mutations of a safetensors file: refused, or what it says', async () => {
  const file = Buffer.concat(encodeSafetensors(WEIGHTS));
  const refused = await refusals(600, 4, async (random) => {
    const bytes = mutated(file, random);
    const tensors = await attempt(bytes, readSafetensors);
    if (!tensors) return true;
    const plain = plainReading(bytes);
    expect([...tensors.keys()]).toEqual([...plain.keys()]);
    for (const [name, { data }] of tensors) {
      if (data.length * data.BYTES_PER_ELEMENT !== plain.get(name)!.length) continue; // converted from another type
      expect(Buffer.from(data.buffer).equals(plain.get(name)!), name).toBe(true);
    }
    return false;
  });
  expect(refused).toBeGreaterThan(150);
});
