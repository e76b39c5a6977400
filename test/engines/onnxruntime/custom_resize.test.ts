import { describe, expect, it } from 'vitest';
import type { Place } from '../../../src/engines/onnxruntime/custom_kernel.js';
import { CustomKernels, scratchBytes } from '../../../src/engines/onnxruntime/custom_kernels.js';
import { wasmMemory } from '../../../src/model/wasm_memory.js';
import type { Node } from '../../../src/tracing/graph.js';
import { expectAllClose } from '../../helpers/all_close.js';
import { resized } from '../../helpers/naive_resize.js';
import { elements, type Plain } from '../../helpers/plain.js';
import { TestRandom } from '../../helpers/random.js';

interface Case {
  /** [batch, channels, height, width] */
  readonly input: readonly [number, number, number, number];
  /** Height and width. */
  readonly size: readonly [number, number];
}

const random = new TestRandom(7);
const EXACTLY = { absolute: 0, relative: 0 };
/** Stands wherever the kernel must not write. */
const GUARD = 0xa5;

const randomCase = (): Case => ({
  input: [random.integer(1, 2), random.integer(1, 4), random.integer(1, 24), random.integer(1, 24)],
  size: [random.integer(1, 40), random.integer(1, 40)],
});

const cases: Case[] = [
  { input: [1, 3, 32, 32], size: [224, 224] },
  { input: [1, 3, 32, 32], size: [33, 31] },
  { input: [1, 3, 32, 20], size: [8, 9] },
  { input: [2, 1, 5, 6], size: [5, 6] },
  { input: [1, 2, 1, 1], size: [1, 1] },
  { input: [1, 2, 1, 1], size: [3, 7] },
  { input: [1, 2, 9, 13], size: [1, 1] },
  // Rows of every length modulo 4.
  ...[1, 2, 3, 4, 5, 6, 7, 8].map((width): Case => ({ input: [1, 2, width, 4], size: [3, width] })),
  ...Array.from({ length: 100 }, randomCase),
];

interface Operands {
  readonly images: Plain;
  readonly size: Case['size'];
  /** By channel. */
  readonly scale: ArrayLike<number>;
  readonly shift: ArrayLike<number>;
}

/** Runs the kernel for each of `all` on one memory full of guards. Expects the guards and the images as they were. */
async function run(...all: readonly Operands[]): Promise<Float32Array[]> {
  const places = new Map<string, Place>();
  let end = 20;
  const place = (name: string, shape: readonly number[], bytes: number) => {
    places.set(name, { offset: end, shape });
    end += 4 * Math.ceil(bytes / 4) + 36;
  };
  const nodes = all.map(({ images, size, scale, shift }, index): Node => {
    const shape = [...images.shape.slice(0, 2), ...size];
    place(`out${index}`, shape, 4 * elements(shape));
    place(`images${index}`, images.shape, images.values.length);
    return {
      op: 'ResizeAndNormalize',
      inputs: [`images${index}`],
      outputs: [`out${index}`],
      attributes: { scale: Array.from(scale), shift: Array.from(shift) },
      scope: '',
      custom: true,
    };
  });
  const kernels = await CustomKernels.open(
    wasmMemory(end + scratchBytes(nodes, places), 'tests'),
    end,
    nodes,
    places,
  );
  const memory = new Uint8Array(kernels.memory.buffer).fill(GUARD);
  for (const [index, { images }] of all.entries())
    memory.set(Array.from(images.values), places.get(`images${index}`)!.offset);
  const before = memory.slice();
  return nodes.map((node, index) => {
    kernels.run(node);
    const { offset, shape } = places.get(`out${index}`)!;
    const area = [offset, offset + 4 * elements(shape)] as const;
    const result = new Float32Array(memory.slice(...area).buffer);
    memory.fill(GUARD, ...area);
    memory.fill(GUARD, end, end + scratchBytes([node], places));
    expect(Buffer.compare(memory, before), 'all but the result and scratch memory').toBe(0);
    return result;
  });
}

/** What the kernel computes, by definition: a product and a sum, each rounded to float32. */
function expected({ images, size, scale, shift }: Operands): Float32Array {
  const plane = size[0] * size[1];
  return Float32Array.from(resized(images, ...size).values, (value, index) => {
    const channel = Math.floor(index / plane) % scale.length;
    return Math.fround(value * scale[channel]!) + shift[channel]!;
  });
}

const operandsOf = ({ input, size }: Case): Operands => ({
  images: random.integers(input, 0, 255),
  size,
  scale: random.tensor([input[1]]).values,
  shift: random.tensor([input[1]]).values,
});

describe.each(cases)('images $input resized to $size', ({ input, size }) => {
  const plain = { scale: Array(input[1]).fill(1), shift: Array(input[1]).fill(0) };

  it('are to the pixel what the definition says', async () => {
    const all = [
      random.integers(input, 0, 255),
      random.integers(input, 0, 1),
      random.integers(input, 255, 255),
    ];
    for (const images of all) {
      const [result] = await run({ images, size, ...plain });
      expectAllClose(result!, resized(images, ...size).values, EXACTLY);
    }
  });

  it('are normalized by channel, to the bit', async () => {
    const operands = operandsOf({ input, size });
    const [result] = await run(operands);
    expectAllClose(result!, expected(operands), EXACTLY);
  });
});

it('kernels of different sizes take turns on the same scratch memory', async () => {
  const all = [...cases.slice(0, 20), ...cases.slice(0, 20)].map(operandsOf);
  for (const [index, result] of (await run(...all)).entries())
    expectAllClose(result, expected(all[index]!), EXACTLY);
});
