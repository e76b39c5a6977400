import type { Arithmetic } from '../registry/optimizers/arithmetic.js';

/** A v128 local variable: four float32 numbers. */
export type Lanes = { readonly local: number };

/** What an element of a loop is computed from, and with. */
export interface LoopBody {
  readonly math: Arithmetic<Lanes>;
  /** The element of each array. */
  readonly arrays: readonly Lanes[];
  /** Numbers that are the same for all elements. */
  readonly scalars: readonly Lanes[];
}

/** @param pointersAndScalars byte offset of each array, then the scalars; @param bytes length of each array, a multiple of 16 */
export type ElementLoop = (bytes: number, ...pointersAndScalars: number[]) => void;

/**
 * A WebAssembly module of one function, `loop`, that goes once over arrays of the same length in the imported memory, four
 * float32 elements at a time: each element is read and written once, where one pass for each operation would be bound by
 * memory.
 * @param body computes an element; runs once, to write the code
 * @returns the module's bytes (WebAssembly 2.0, binary format)
 */
export function elementLoop(
  counts: { readonly arrays: number; readonly scalars: number },
  /** New elements by the number of the array that they go to. */
  body: (inputs: LoopBody) => ReadonlyMap<number, Lanes>,
): Uint8Array {
  const pointer = (array: number) => 1 + array;
  const scalar = (index: number) => 1 + counts.arrays + index;
  const offset = 1 + counts.arrays + counts.scalars;
  let locals = 0;
  const prologue: number[] = [];
  const code: number[] = [];
  const assign = (to: number[], ...instructions: number[]): Lanes => {
    const local = offset + 1 + locals++;
    to.push(...instructions, op.localSet, ...unsigned(local));
    return { local };
  };
  const get = ({ local }: Lanes) => [op.localGet, ...unsigned(local)];
  const address = (array: number) => [
    ...[op.localGet, ...unsigned(pointer(array)), op.localGet, ...unsigned(offset)],
    op.i32Add,
  ];
  const binary = (operation: readonly number[]) => (a: Lanes, b: Lanes) =>
    assign(code, ...get(a), ...get(b), ...operation);
  const scalars = range(counts.scalars).map((index) =>
    assign(prologue, op.localGet, ...unsigned(scalar(index)), ...op.f32x4Splat),
  );
  const arrays = range(counts.arrays).map((array) => assign(code, ...address(array), ...op.v128Load));
  const [one, zero] = [1, 0].map((value) => {
    const bytes = new Uint8Array(Float32Array.of(value).buffer);
    return assign(prologue, op.f32Const, ...bytes, ...op.f32x4Splat);
  }) as [Lanes, Lanes];
  /** 1 in the lanes where a comparison holds, else 0: its mask of bits, and the bits of 1. */
  const oneWhere = (operation: readonly number[]) => (a: Lanes, b: Lanes) =>
    assign(code, ...get(a), ...get(b), ...operation, ...get(one), ...op.v128And);
  const math: Arithmetic<Lanes> = {
    add: binary(op.f32x4Add),
    sub: binary(op.f32x4Sub),
    mul: binary(op.f32x4Mul),
    div: binary(op.f32x4Div),
    sqrt: (a) => assign(code, ...get(a), ...op.f32x4Sqrt),
    sign: (a) => math.sub(oneWhere(op.f32x4Gt)(a, zero), oneWhere(op.f32x4Gt)(zero, a)),
  };
  const results = body({ math, arrays, scalars });
  for (const [array, value] of results) code.push(...address(array), ...get(value), ...op.v128Store);
  const advance = [
    op.localGet,
    ...unsigned(offset),
    op.i32Const,
    16,
    op.i32Add,
    op.localTee,
    ...unsigned(offset),
  ];
  const repeat = [op.localGet, 0, op.i32LessUnsigned, op.branchIf, 0];
  return module({
    parameters: [
      type.i32,
      ...range(counts.arrays).map(() => type.i32),
      ...range(counts.scalars).map(() => type.f32),
    ],
    locals: [
      [1, type.i32],
      [locals, type.v128],
    ],
    body: [...prologue, op.loop, type.empty, ...code, ...advance, ...repeat, op.end],
  });
}

const type = { i32: 0x7f, f32: 0x7d, v128: 0x7b, function: 0x60, empty: 0x40 } as const;

const op = {
  loop: 0x03,
  end: 0x0b,
  branchIf: 0x0d,
  localGet: 0x20,
  localSet: 0x21,
  localTee: 0x22,
  i32Const: 0x41,
  i32LessUnsigned: 0x49,
  i32Add: 0x6a,
  // With the alignment, as a power of two, and the offset of the access.
  v128Load: [0xfd, 0x00, 4, 0],
  v128Store: [0xfd, 0x0b, 4, 0],
  f32Const: 0x43,
  f32x4Gt: [0xfd, 0x44],
  v128And: [0xfd, 0x4e],
  f32x4Splat: [0xfd, 0x13],
  f32x4Sqrt: [0xfd, 0xe3, 0x01],
  f32x4Add: [0xfd, 0xe4, 0x01],
  f32x4Sub: [0xfd, 0xe5, 0x01],
  f32x4Mul: [0xfd, 0xe6, 0x01],
  f32x4Div: [0xfd, 0xe7, 0x01],
} as const;

/** A module that imports env.memory and exports `loop`. */
function module(loop: {
  readonly parameters: readonly number[];
  readonly locals: readonly (readonly [count: number, type: number])[];
  readonly body: readonly number[];
}): Uint8Array {
  const locals = vector(loop.locals.map(([count, localType]) => [...unsigned(count), localType]));
  const code = [...locals, ...loop.body, op.end];
  return Uint8Array.of(
    ...[0x00, ...text('asm'), 0x01, 0x00, 0x00, 0x00],
    ...section(1, [[type.function, ...vector(loop.parameters.map((each) => [each])), 0]]),
    ...section(2, [[...named('env'), ...named('memory'), 0x02, 0x00, 0x00]]),
    ...section(3, [[0]]),
    ...section(7, [[...named('loop'), 0x00, 0]]),
    ...section(10, [[...unsigned(code.length), ...code]]),
  );
}

const section = (id: number, items: readonly (readonly number[])[]): number[] => {
  const content = vector(items);
  return [id, ...unsigned(content.length), ...content];
};
const vector = (items: readonly (readonly number[])[]): number[] => [
  ...unsigned(items.length),
  ...items.flat(),
];
const text = (value: string): number[] => [...new TextEncoder().encode(value)];
const named = (value: string): number[] => vector(text(value).map((byte) => [byte]));
const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

/** LEB128. */
function unsigned(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...unsigned(value >>> 7)];
}
