import type { StateTensor } from './safetensors.js';

/** How a file stores the numbers of a tensor, and what they become here: float32, or int64 for whole numbers. */
export interface ElementType {
  /** As PyTorch calls it, without "torch.". */
  readonly name: string;
  readonly bytes: number;
  /** The numbers, little-endian, that fill a buffer; the result may keep it. */
  decode(buffer: ArrayBuffer): StateTensor['data'];
}

/** By their names in safetensors. */
export const ELEMENT_TYPES = {
  F32: { name: 'float32', bytes: 4, decode: (buffer) => new Float32Array(buffer) },
  F64: { name: 'float64', bytes: 8, decode: (buffer) => new Float32Array(new Float64Array(buffer)) },
  F16: { name: 'float16', bytes: 2, decode: (buffer) => toFloats(new Uint16Array(buffer), halfToNumber) },
  BF16: { name: 'bfloat16', bytes: 2, decode: (buffer) => fromUpperHalves(new Uint16Array(buffer)) },
  I64: { name: 'int64', bytes: 8, decode: (buffer) => new BigInt64Array(buffer) },
  I32: { name: 'int32', bytes: 4, decode: (buffer) => toIntegers(new Int32Array(buffer)) },
  I16: { name: 'int16', bytes: 2, decode: (buffer) => toIntegers(new Int16Array(buffer)) },
  I8: { name: 'int8', bytes: 1, decode: (buffer) => toIntegers(new Int8Array(buffer)) },
  U8: { name: 'uint8', bytes: 1, decode: (buffer) => toIntegers(new Uint8Array(buffer)) },
  BOOL: { name: 'bool', bytes: 1, decode: (buffer) => toIntegers(new Uint8Array(buffer)) },
} as const satisfies Record<string, ElementType>;

/**
 * The tensor that a file has. float16 and bfloat16 are parts of float32 and keep their values; float64 is rounded to the
 * nearest float32, ties to even; integers become int64.
 * @param buffer as long as `shape` says; the result may keep it
 * @param fail makes the error to throw where a float64 is larger than any float32
 */
export function decodeTensor(
  type: ElementType,
  shape: readonly number[],
  buffer: ArrayBuffer,
  fail: (problem: string) => Error,
): StateTensor {
  const data = type.decode(buffer);
  if (type === ELEMENT_TYPES.F64) {
    const exact = new Float64Array(buffer);
    const lost = exact.find((value, i) => Number.isFinite(value) && !Number.isFinite(data[i]));
    if (lost !== undefined) throw fail(`expected numbers within float32, got ${lost}`);
  }
  return { shape, data } as StateTensor;
}

function toFloats(source: Uint16Array, convert: (bits: number) => number): Float32Array {
  const floats = new Float32Array(source.length);
  for (let i = 0; i < source.length; i++) floats[i] = convert(source[i]!);
  return floats;
}

/** The number that 16 bits mean: sign, 5 bits of exponent, 10 of fraction (IEEE 754 binary16). */
function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** bfloat16 is the upper half of a float32. */
function fromUpperHalves(source: Uint16Array): Float32Array {
  const bits = new Uint32Array(source.length);
  for (let i = 0; i < source.length; i++) bits[i] = source[i]! << 16;
  return new Float32Array(bits.buffer);
}

function toIntegers(source: Int32Array | Int16Array | Int8Array | Uint8Array): BigInt64Array {
  const integers = new BigInt64Array(source.length);
  for (let i = 0; i < source.length; i++) integers[i] = BigInt(source[i]!);
  return integers;
}
