import { describe, expect, it } from 'vitest';
import type { Place } from '../../../src/engines/onnxruntime/custom_kernel.js';
import { CustomKernels, scratchBytes } from '../../../src/engines/onnxruntime/custom_kernels.js';
import { wasmMemory } from '../../../src/model/wasm_memory.js';
import type { Node } from '../../../src/tracing/graph.js';
import { maxPool, maxPoolGradient, type Window } from '../../helpers/naive.js';
import { elements, type Plain } from '../../helpers/plain.js';
import { TestRandom } from '../../helpers/random.js';

interface Case extends Window {
  /** [batch, channels, height, width] */
  readonly input: readonly [number, number, number, number];
}

const random = new TestRandom(31);
/** Stands wherever the kernel must not write. The largest value of a map: one read by mistake would be a maximum. */
const GUARD = 2;

/** Paddings of each side up to the window's size − 1, which is all that ONNX Runtime takes. */
function randomCase(): Case {
  const kernel = [random.integer(1, 5), random.integer(1, 5)] as const;
  const padding = () => kernel.map((size) => random.integer(0, size - 1)) as [number, number];
  const [start, end] = [padding(), padding()];
  const size = (axis: 0 | 1) => Math.max(1, kernel[axis] - start[axis] - end[axis]) + random.integer(0, 11);
  return {
    input: [random.integer(1, 2), random.integer(1, 3), size(0), size(1)],
    kernel,
    stride: [random.integer(1, 4), random.integer(1, 4)],
    padding: start,
    paddingEnd: end,
  };
}

const pool3x3 = (stride: number, height: number, width: number): Case => ({
  input: [2, 3, height, width],
  kernel: [3, 3],
  stride: [stride, stride],
  padding: [1, 1],
});

const cases: Case[] = [
  // Windows of 3 × 3 have code of their own, which takes four at a time: rows of every length modulo 4.
  ...[1, 2, 3, 4, 5, 6, 7, 8, 9, 16, 17].flatMap((width) => [pool3x3(1, 5, width), pool3x3(2, 6, width)]),
  { input: [1, 2, 7, 9], kernel: [3, 3], stride: [3, 1], padding: [0, 2], paddingEnd: [2, 0] },
  { input: [1, 2, 7, 9], kernel: [3, 3], stride: [1, 2], padding: [2, 0], paddingEnd: [0, 2] },
  { input: [1, 2, 9, 11], kernel: [3, 3], stride: [4, 4], padding: [0, 0] },
  // Pixels that no window reaches, one window, one pixel.
  { input: [2, 2, 9, 12], kernel: [2, 2], stride: [4, 4], padding: [0, 0] },
  { input: [2, 2, 5, 4], kernel: [5, 4], stride: [1, 1], padding: [0, 0] },
  { input: [1, 1, 1, 1], kernel: [1, 1], stride: [1, 1], padding: [0, 0] },
  ...Array.from({ length: 120 }, randomCase),
];

const dyOf = (y: Plain) => random.integers(y.shape, -8, 8);
const bytesOf = (values: Float32Array) => new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
const map = ({ shape, values }: Plain, change: (value: number, index: number) => number): Plain => ({
  shape,
  values: Array.from(values, change),
});
/** Without the sign of 0. */
const plainValues = (values: ArrayLike<number>) => Array.from(values, (value) => value + 0);

interface Operands extends Window {
  readonly x: Plain;
  readonly y: Plain;
  readonly dy: Plain;
  readonly positive?: 0 | 1;
}

/**
 * Runs the kernel for each of `all` on one memory full of guards, and returns each dx. Expects the guards and the operands
 * as they were.
 */
async function run(...all: readonly Operands[]): Promise<number[][]> {
  const places = new Map<string, Place>();
  let end = 20;
  const nodes = all.map(({ x, y, dy, positive = 0, ...window }, index): Node => {
    const names = ['dx', 'dy', 'y', 'x'].map((name) => `${name}${index}`);
    for (const [at, { shape }] of [x, dy, y, x].entries()) {
      places.set(names[at]!, { offset: end, shape });
      end += 4 * elements(shape) + 36;
    }
    const { kernel, stride, padding, paddingEnd = padding } = window;
    return {
      op: 'MaxPoolGradient',
      inputs: [names[3]!, names[2]!, names[1]!],
      outputs: [names[0]!],
      attributes: { kernel_shape: kernel, strides: stride, pads: [...padding, ...paddingEnd], positive },
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
  const memory = new Float32Array(kernels.memory.buffer).fill(GUARD);
  const start = (name: string) => places.get(name)!.offset / 4;
  for (const [index, { x, y, dy }] of all.entries())
    for (const [name, { values }] of Object.entries({ x, y, dy })) memory.set(values, start(name + index));
  const before = memory.slice();
  const results: number[][] = [];
  for (const [index, node] of nodes.entries()) {
    kernels.run(node);
    const area = [start(`dx${index}`), start(`dx${index}`) + all[index]!.x.values.length] as const;
    results.push(plainValues(memory.subarray(...area)));
    memory.fill(GUARD, ...area);
    memory.fill(GUARD, end / 4, (end + scratchBytes([node], places)) / 4);
    expect(Buffer.compare(bytesOf(memory), bytesOf(before)), 'all but dx and scratch memory').toBe(0);
  }
  return results;
}

/** Runs one; sums of small integers are exact in any order. */
async function expectGradient(operands: Operands, passed = operands.dy, x = operands.x): Promise<void> {
  const [dx] = await run(operands);
  expect(dx).toEqual(plainValues(maxPoolGradient(x, passed, operands).values));
}

describe.each(cases)(
  'the gradient of max-pooling: input $input, window $kernel, stride $stride, padding $padding to $paddingEnd',
  ({ input, ...window }) => {
    it('goes to the first of the largest values of each window', async () => {
      const maps = {
        different: random.distinct(input),
        // Most windows hold their maximum more than once.
        few: random.integers(input, -2, GUARD),
        one: random.integers(input, -1, -1),
        zerosOfEitherSign: map(random.integers(input, 0, 1), (value) => (value === 0 ? 0 : -0)),
        belowPaddingOfZeros: random.integers(input, -9, -3),
        withWindowsOfMinusInfinity: map(random.integers(input, -2, 1), (value) =>
          value > 0 ? value : -Infinity,
        ),
      };
      for (const x of Object.values(maps)) {
        const y = maxPool(x, window);
        await expectGradient({ x, y, dy: dyOf(y), ...window });
      }
    });

    it('through a ReLU before the pooling, passes positive maxima alone', async () => {
      const x = map(random.integers(input, -3, GUARD), (value) => Math.max(value, 0));
      const y = maxPool(x, window);
      const dy = dyOf(y);
      const passed = map(dy, (value, index) => (y.values[index]! > 0 ? value : 0));
      await expectGradient({ x, y, dy, ...window, positive: 1 }, passed);
    });

    it('goes nowhere from a maximum that is NaN', async () => {
      const numbers = random.integers(input, -2, GUARD);
      const maxima = maxPool(numbers, window);
      const [x, y] = [numbers, maxima].map((plain) =>
        map(plain, (value) => (value === GUARD ? Number.NaN : value)),
      );
      const dy = dyOf(maxima);
      const passed = map(dy, (value, index) => (Number.isNaN(y!.values[index]) ? 0 : value));
      await expectGradient({ x: x!, y: y!, dy, ...window }, passed, numbers);
    });
  },
);

describe('CustomKernels', () => {
  it('kernels of different sizes take turns on the same scratch memory', async () => {
    const all = cases.slice(0, 40).map(({ input, ...window }): Operands => {
      const x = random.integers(input, -2, GUARD);
      const y = maxPool(x, window);
      return { x, y, dy: dyOf(y), ...window };
    });
    const expected = all.map(({ x, dy, ...window }) => plainValues(maxPoolGradient(x, dy, window).values));
    expect(await run(...all)).toEqual(expected);
  });

  it('needs no scratch memory without kernels', () => {
    expect(scratchBytes([], new Map())).toBe(0);
  });
});
