import { UserError } from '../errors.js';

const PAGE = 65_536;
/** Bytes that a 32-bit address reaches. */
export const LARGEST_MEMORY = 65_536 * PAGE;

/**
 * Memory of WebAssembly.
 * @param owner what it is for, as the subject of a sentence in the plural
 * @throws UserError where the machine does not have that much
 */
export function wasmMemory(bytes: number, owner: string): WebAssembly.Memory {
  try {
    return new WebAssembly.Memory({ initial: Math.ceil(bytes / PAGE) });
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new UserError(`memory: ${owner} take ${gibibytes(bytes)} GiB, which could not be had`, {
      hint: 'End other programs, raise the limit of memory ("ulimit -v", that of the container), or make training.batch_size or the model smaller.',
      cause: error,
    });
  }
}

/** Rounded up to a tenth: a little too much is not "4.0 of 4". */
export function gibibytes(bytes: number): string {
  return (Math.ceil((10 * bytes) / 2 ** 30) / 10).toFixed(1);
}
