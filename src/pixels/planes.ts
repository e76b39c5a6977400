/** Size of one image whose channels lie one behind the other: channels × height × width, uint8. */
export interface Planes {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
}

let scratch = new Uint8Array();

/**
 * A copy of `length` bytes from `offset`, for operations that read what they overwrite. It is the same memory each time: it
 * holds until the next call.
 */
export function copyOf(images: Uint8Array, offset: number, length: number): Uint8Array {
  if (scratch.length < length) scratch = new Uint8Array(length);
  scratch.set(images.subarray(offset, offset + length));
  return scratch;
}

/** A pixel value as uint8 keeps it: within 0 to 255, the fraction cut off. */
export function toByte(value: number): number {
  return value <= 0 ? 0 : value >= 255 ? 255 : Math.trunc(value);
}

/** Rounds half to even, as torch does. */
export function roundHalfEven(value: number): number {
  const rounded = Math.round(value);
  return rounded - value === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded;
}
