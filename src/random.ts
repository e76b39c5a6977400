/**
 * Randomness as a pure function of (seed, purpose, epoch, index): there is no generator state, so a resumed run draws
 * what the uninterrupted one would have drawn, and the order of the draws changes nothing.
 *
 * Threefry-2x32 with 20 rounds: Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011. It needs only
 * 32-bit add, xor and rotate, which JavaScript has as plain integer operations.
 */

const TWO_TO_32 = 0x1_0000_0000;
const KEY_PARITY = 0x1bd11bda;

/** One independent sequence of random words; index is an integer from 0 to 2^53 − 1. */
export interface RandomStream {
  /** The two 32-bit words that select the sequence. */
  readonly key: readonly [number, number];
  /** 32 random bits. */
  uint32(index: number): number;
  /** A number in [0, 1) with 24 random bits: exact in float32, so that it never rounds up to 1. */
  uniform(index: number): number;
  /** An integer in [0, n) for n from 1 to 2^32; no value is more likely than another by over n / 2^32. */
  integer(index: number, n: number): number;
}

// The two words of the last block: returning a pair would allocate once per draw.
let word0 = 0;
let word1 = 0;

function encrypt(key0: number, key1: number, counter0: number, counter1: number): void {
  const key2 = KEY_PARITY ^ key0 ^ key1;
  let x0 = (counter0 + key0) | 0;
  let x1 = (counter1 + key1) | 0;
  let ks0 = key1 | 0;
  let ks1 = key2;
  let ks2 = key0 | 0;
  for (let group = 1; group <= 5; group++) {
    // The rotations alternate between two sets of four.
    if ((group & 1) === 1) {
      x0 = (x0 + x1) | 0;
      x1 = ((x1 << 13) | (x1 >>> 19)) ^ x0;
      x0 = (x0 + x1) | 0;
      x1 = ((x1 << 15) | (x1 >>> 17)) ^ x0;
      x0 = (x0 + x1) | 0;
      x1 = ((x1 << 26) | (x1 >>> 6)) ^ x0;
      x0 = (x0 + x1) | 0;
      x1 = ((x1 << 6) | (x1 >>> 26)) ^ x0;
    } else {
      x0 = (x0 + x1) | 0;
      x1 = ((x1 << 17) | (x1 >>> 15)) ^ x0;
      x0 = (x0 + x1) | 0;
      x1 = ((x1 << 29) | (x1 >>> 3)) ^ x0;
      x0 = (x0 + x1) | 0;
      x1 = ((x1 << 16) | (x1 >>> 16)) ^ x0;
      x0 = (x0 + x1) | 0;
      x1 = ((x1 << 24) | (x1 >>> 8)) ^ x0;
    }
    x0 = (x0 + ks0) | 0;
    x1 = (x1 + ks1 + group) | 0;
    const first = ks0;
    ks0 = ks1;
    ks1 = ks2;
    ks2 = first;
  }
  word0 = x0 >>> 0;
  word1 = x1 >>> 0;
}

/** The Threefry-2x32-20 block of `key` at `counter`; all are 32-bit words. */
export function threefry2x32(
  key: readonly [number, number],
  counter: readonly [number, number],
): [number, number] {
  encrypt(key[0], key[1], counter[0], counter[1]);
  return [word0, word1];
}

/** FNV-1a, 32 bits, over the UTF-8 bytes of `text`. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) value = Math.imul(value ^ byte, 0x01000193);
  return value >>> 0;
}

/**
 * The stream of `purpose` (such as `shuffle` or `init.conv1.weight`) in `epoch`.
 * Throws RangeError unless seed is an integer from 0 to 2^53 − 1 and epoch one from 0 to 2^32 − 1.
 */
export function randomStream(seed: number, purpose: string, epoch: number): RandomStream {
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw new RangeError(`seed: expected an integer from 0 to 2^53 - 1, got ${seed}`);
  }
  if (!Number.isInteger(epoch) || epoch < 0 || epoch >= TWO_TO_32) {
    throw new RangeError(`epoch: expected an integer from 0 to 2^32 - 1, got ${epoch}`);
  }
  // The cipher is a bijection of its counter: under one seed, different (purpose hash, epoch) never share a key.
  const key = threefry2x32([seed >>> 0, Math.floor(seed / TWO_TO_32)], [hash(purpose), epoch]);
  const [key0, key1] = key;
  const uint32 = (index: number): number => {
    // Each block holds two words, so that filling an array costs half a block for each value.
    const block = Math.floor(index / 2);
    encrypt(key0, key1, block >>> 0, Math.floor(block / TWO_TO_32));
    return index % 2 === 0 ? word0 : word1;
  };
  return {
    key,
    uint32,
    uniform: (index) => (uint32(index) >>> 8) / 0x100_0000,
    integer: (index, n) => Math.floor((uint32(index) * n) / TWO_TO_32),
  };
}

/**
 * Fills `out` with low + (high − low) × uniform(offset + i), rounded to float32 (which may round up to `high`).
 * One value costs about 25 ns: this is what initialises parameters.
 */
export function fillUniform(
  out: Float32Array,
  stream: RandomStream,
  offset: number,
  low: number,
  high: number,
): void {
  const [key0, key1] = stream.key;
  const scale = (high - low) / 0x100_0000;
  let i = 0;
  if (offset % 2 !== 0 && out.length > 0) out[i++] = low + (stream.uint32(offset) >>> 8) * scale;
  for (; i < out.length; i += 2) {
    const block = (offset + i) / 2;
    encrypt(key0, key1, block >>> 0, Math.floor(block / TWO_TO_32));
    out[i] = low + (word0 >>> 8) * scale;
    // Past the end of an odd array this store is ignored, as typed arrays do.
    out[i + 1] = low + (word1 >>> 8) * scale;
  }
}

/**
 * Fills `out` with 1 where uniform(offset + i) is less than `probability`, else 0. The words of a block are used both, which
 * halves the cost of one draw after the other.
 */
export function fillBernoulli(
  out: Uint8Array,
  stream: RandomStream,
  offset: number,
  probability: number,
): void {
  const [key0, key1] = stream.key;
  // uniform() is a word's upper 24 bits / 2^24; a power of 2 scales exactly.
  const limit = probability * 0x100_0000;
  let i = 0;
  if (offset % 2 !== 0 && out.length > 0) out[i++] = stream.uint32(offset) >>> 8 < limit ? 1 : 0;
  for (; i < out.length; i += 2) {
    const block = (offset + i) / 2;
    encrypt(key0, key1, block >>> 0, Math.floor(block / TWO_TO_32));
    out[i] = word0 >>> 8 < limit ? 1 : 0;
    // Past the end of an odd array this store is ignored, as typed arrays do.
    out[i + 1] = word1 >>> 8 < limit ? 1 : 0;
  }
}

/**
 * Fills `out` with normal numbers of mean 0 and standard deviation `std`, none beyond ±cutoff: those are drawn again, as
 * truncation by rejection has it. Box and Muller 1958, from two uniform numbers each; in double precision, then rounded.
 */
export function fillNormal(out: Float32Array, stream: RandomStream, std: number, cutoff: number): void {
  for (let i = 0, draw = 0; i < out.length; draw += 2) {
    // 1 − u is in (0, 1]: its logarithm is finite.
    const radius = std * Math.sqrt(-2 * Math.log(1 - stream.uniform(draw)));
    const value = radius * Math.cos(2 * Math.PI * stream.uniform(draw + 1));
    if (Math.abs(value) <= cutoff) out[i++] = value;
  }
}

/** A number from Gamma(shape, 1), its logarithm: Marsaglia and Tsang 2000, which for a shape below 1 takes one more power. */
function logGammaFrom(next: () => number, shape: number): number {
  const raised = shape < 1 ? shape + 1 : shape;
  const d = raised - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    // 1 − u is in (0, 1]: its logarithm is finite.
    const x = Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
    const v = (1 + c * x) ** 3;
    const accepted = v > 0 && Math.log(1 - next()) < 0.5 * x * x + d - d * v + d * Math.log(v);
    if (accepted) return Math.log(d * v) + (shape < 1 ? Math.log(1 - next()) / shape : 0);
  }
}

/**
 * A number from Beta(shape, shape): of two gamma numbers, the share of one.
 * @param next uniform numbers in [0, 1), each call another
 */
export function betaFrom(next: () => number, shape: number): number {
  const one = logGammaFrom(next, shape);
  return 1 / (1 + Math.exp(logGammaFrom(next, shape) - one));
}

/** A random order of 0 … n − 1 (Fisher–Yates: each order is equally likely but for the bias of `integer`). */
export function permutation(seed: number, purpose: string, epoch: number, n: number): Uint32Array {
  const stream = randomStream(seed, purpose, epoch);
  const order = Uint32Array.from({ length: n }, (_, i) => i);
  for (let i = n - 1; i > 0; i--) {
    const j = stream.integer(i, i + 1);
    const swapped = order[i]!;
    order[i] = order[j]!;
    order[j] = swapped;
  }
  return order;
}
