import { describe, expect, it } from 'vitest';
import { type ElementLoop, elementLoop, type Lanes, type LoopBody } from '../../src/model/element_loop.js';
import { TestRandom } from '../helpers/random.js';

/** Elements of an array: a multiple of four, which a loop takes at a time. */
const LENGTH = 24;
/** Stands between arrays. */
const GUARD = 12345;

type Body = (inputs: LoopBody) => ReadonlyMap<number, Lanes>;

function instantiate(module: Uint8Array, memory: WebAssembly.Memory): ElementLoop {
  // The constructor validates the module.
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(module), { env: { memory } });
  return exports.loop as ElementLoop;
}

/** Arrays with a guard before and behind each, in a memory of `pages`. */
function layOut(arrays: readonly ArrayLike<number>[]) {
  const stride = LENGTH + 4;
  const bytes = 4 * (4 + stride * arrays.length);
  const memory = new WebAssembly.Memory({ initial: Math.ceil(bytes / 65_536) });
  const all = new Float32Array(memory.buffer).fill(GUARD);
  const starts = arrays.map((_, index) => 4 + stride * index);
  for (const [index, values] of arrays.entries()) all.set(values, starts[index]);
  return { memory, all, starts };
}

/** Runs a loop over arrays once and returns them as they are then. Expects everything around them untouched. */
function run(arrays: readonly ArrayLike<number>[], scalars: readonly number[], body: Body): number[][] {
  const { memory, all, starts } = layOut(arrays);
  const loop = instantiate(elementLoop({ arrays: arrays.length, scalars: scalars.length }, body), memory);
  loop(4 * LENGTH, ...starts.map((start) => 4 * start), ...scalars);
  const results = starts.map((start) => Array.from(all.subarray(start, start + LENGTH)));
  for (const start of starts) all.fill(GUARD, start, start + LENGTH);
  expect(all.every((value) => value === GUARD)).toBe(true);
  return results;
}

const random = new TestRandom(17);
/** Magnitudes from 1e-6 to 1e6, either sign. */
const wide = () =>
  Float32Array.from(
    random.tensor([LENGTH]).values,
    (value) => Math.sign(value) * 10 ** (12 * Math.abs(value) - 6),
  );
const operations = {
  add: (a: number, b: number) => a + b,
  sub: (a: number, b: number) => a - b,
  mul: (a: number, b: number) => a * b,
  div: (a: number, b: number) => a / b,
} as const;
const named = Object.keys(operations) as (keyof typeof operations)[];
const special = Float32Array.of(
  ...[0, -0, 1, -1, Infinity, -Infinity, Number.NaN, 1e-45, 3.4e38, 1e-38, 2, 0.1],
  ...[0, 0, -0, 3, Infinity, Infinity, 1, 1e-45, 3.4e38, 1e-38, -0, 0.2],
);

describe('elementLoop', () => {
  it.each(named)('%s rounds to float32', (name) => {
    for (const [a, b] of [
      [wide(), wide()],
      [special, special.toReversed()],
    ] as const) {
      const [actual] = run([a, b], [], ({ math, arrays: [x, y] }) => new Map([[0, math[name](x!, y!)]]));
      expect(actual).toEqual(Array.from(a, (value, i) => Math.fround(operations[name](value, b[i]!))));
    }
  });

  it('sqrt rounds to float32', () => {
    for (const a of [wide(), special]) {
      const [actual] = run([a], [], ({ math, arrays: [x] }) => new Map([[0, math.sqrt(x!)]]));
      expect(actual).toEqual(Array.from(a, (value) => Math.fround(Math.sqrt(value))));
    }
  });

  it('scalars are float32 and the same for each element', () => {
    const a = wide();
    const body: Body = ({ math, arrays, scalars: [p, q] }) =>
      new Map([[0, math.sub(math.mul(arrays[0]!, p!), q!)]]);
    const product = (value: number) => Math.fround(value * Math.fround(0.1));
    const expected = Array.from(a, (value) => Math.fround(product(value) - Math.fround(1 / 3)));
    expect(run([a], [0.1, 1 / 3], body)).toEqual([expected]);
  });

  it('each result goes to its array, from the elements as they were; the other arrays stay as they are', () => {
    const [a, b, c] = [wide(), wide(), wide()];
    const swap: Body = ({ arrays: [x, y] }) =>
      new Map([
        [1, x!],
        [0, y!],
      ]);
    expect(run([a, b, c], [], swap)).toEqual([b, a, c].map((values) => Array.from(values)));
    const last: Body = ({ math, arrays: [x, y] }) => new Map([[2, math.add(x!, y!)]]);
    expect(run([a, b, c], [], last)[2]).toEqual(Array.from(a, (value, i) => Math.fround(value + b[i]!)));
    expect(run([a, b, c], [], last).slice(0, 2)).toEqual([a, b].map((values) => Array.from(values)));
    expect(run([a, b], [2], () => new Map())).toEqual([a, b].map((values) => Array.from(values)));
  });

  it('goes over no more than it is told', () => {
    const values = wide();
    const { memory, all, starts } = layOut([values]);
    const body: Body = ({ math, arrays: [x] }) => new Map([[0, math.add(x!, x!)]]);
    const loop = instantiate(elementLoop({ arrays: 1, scalars: 0 }, body), memory);
    loop(4 * 8, 4 * starts[0]!);
    const expected = Array.from(values, (value, i) => (i < 8 ? 2 * value : value));
    expect(Array.from(all.subarray(starts[0], starts[0]! + LENGTH))).toEqual(expected);
  });

  it('the body runs once, to write the code', () => {
    let runs = 0;
    const count: Body = ({ arrays: [x] }) => {
      runs++;
      return new Map([[0, x!]]);
    };
    run([wide()], [], count);
    expect(runs).toBe(1);
  });
});

describe('numbers of more than seven bits in the module', () => {
  // Around 2^7 local variables and 2^7 and 2^14 bytes of code; an addition is eight or more bytes.
  it.each([1, 7, 8, 9, 10, 118, 119, 120, 121, 122, 123, 124, 125, 126, 127, 128, 129, 1500, 1900, 2500])(
    '%i operations one after the other',
    (count) => {
      const [a, b] = [wide(), wide()];
      const body: Body = ({ math, arrays: [x, y] }) => {
        let sum = x!;
        for (let i = 0; i < count; i++) sum = math.add(math.mul(sum, y!), x!);
        return new Map([[1, sum]]);
      };
      const step = (sum: number, i: number) =>
        Math.fround(Math.fround(sum * Math.fround(b[i]! % 1)) + Math.fround(a[i]! % 1));
      const [x, y] = [a, b].map((values) => values.map((value) => value % 1));
      const expected = Array.from(x!, (value, i) => {
        let sum = value;
        for (let n = 0; n < count; n++) sum = step(sum, i);
        return sum;
      });
      expect(run([x!, y!], [], body)[1]).toEqual(expected);
    },
  );

  it('150 arrays and 150 scalars', () => {
    const arrays = Array.from({ length: 150 }, () => wide());
    const scalars = Array.from({ length: 150 }, (_, index) => index + 1);
    const body: Body = (inputs) =>
      new Map(inputs.arrays.map((x, index) => [index, inputs.math.mul(x, inputs.scalars[149 - index]!)]));
    const expected = arrays.map((values, index) =>
      Array.from(values, (value) => Math.fround(value * (150 - index))),
    );
    expect(run(arrays, scalars, body)).toEqual(expected);
  });
});
