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
  return orUserError(bytes, owner, () => new WebAssembly.Memory({ initial: pages(bytes) }));
}

/**
 * Makes a memory at least `bytes` large. Where it grows, what it holds stays and its buffer becomes another one: views of
 * the old one are empty from then on.
 * @throws UserError where the machine does not have that much
 */
export function growMemory(memory: WebAssembly.Memory, bytes: number, owner: string): void {
  const missing = pages(bytes) - memory.buffer.byteLength / PAGE;
  if (missing > 0) orUserError(bytes, owner, () => memory.grow(missing));
}

/** One memory for whatever is needed in turn: as large as the largest of it. */
export class SharedMemory {
  private memory: WebAssembly.Memory | undefined;

  /** @param owner as that of `wasmMemory` */
  constructor(private readonly owner: string) {}

  /** The memory, at least `bytes` large; see `growMemory`. @throws UserError where the machine does not have that much */
  reserve(bytes: number): WebAssembly.Memory {
    if (this.memory) growMemory(this.memory, bytes, this.owner);
    this.memory ??= wasmMemory(bytes, this.owner);
    return this.memory;
  }
}

const pages = (bytes: number) => Math.ceil(bytes / PAGE);

/** Allocates memory for `owner`, as that of `wasmMemory`. @throws UserError where the machine does not have that much */
export function orUserError<T>(bytes: number, owner: string, allocate: () => T): T {
  try {
    return allocate();
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
