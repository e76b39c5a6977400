import { UserError } from '../errors.js';

/** Why a backend cannot be used, and the one command that mends it; null where no command does. */
export interface Diagnosis {
  readonly cause: string;
  readonly mend: string | null;
}

/** What a process that tried a backend did last. */
export type Stage = 'start' | 'load' | 'compute' | 'kernels';

/** How trying a backend in a process of its own failed, as far as could be seen from outside. */
export interface Failure {
  readonly during: Stage;
  readonly ended:
    | { readonly how: 'error' }
    | { readonly how: 'signal'; readonly signal: NodeJS.Signals }
    | { readonly how: 'exit'; readonly code: number }
    | { readonly how: 'time limit'; readonly seconds: number };
  /** What it threw; with a diagnosis where the backend itself says what is wrong. */
  readonly error: { readonly message: string; readonly diagnosis: Diagnosis | null } | null;
  readonly stderr: string;
}

/** A backend that cannot run on this machine; the hint names the command that mends it, and the backend that always runs. */
export class UnusableBackend extends UserError {
  constructor(
    backend: string,
    readonly diagnosis: Diagnosis,
    cause?: unknown,
  ) {
    const { cause: reason, mend } = diagnosis;
    super(`backend ${backend} cannot run here: ${reason}`, {
      hint:
        mend === null
          ? 'Take "--backend onnxruntime-cpu".'
          : `Mend it: ${mend}\nOr take "--backend onnxruntime-cpu".`,
      cause,
    });
  }
}
