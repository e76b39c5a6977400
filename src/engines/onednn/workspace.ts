import { orUserError } from '../../model/wasm_memory.js';

/** Between values: no two share a cache line. */
const ALIGNMENT = 64;

/** One memory for what executables need in turn: as large as the largest needs it. */
export class Workspace {
  private memory: Uint8Array | undefined;

  /** At least `bytes` bytes from an aligned address; what was in it may be lost. @throws UserError where the machine does not have that much */
  reserve(bytes: number): Uint8Array {
    if (!this.memory || this.memory.byteLength < bytes)
      this.memory = orUserError(
        bytes,
        'the values of a compiled step',
        () => new Uint8Array(Math.ceil(bytes / ALIGNMENT) * ALIGNMENT + ALIGNMENT),
      );
    return this.memory;
  }
}
