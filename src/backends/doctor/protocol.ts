import type { BackendName } from '../../registry/backends.js';
import type { Experiment } from '../../registry/experiment.js';
import type { Failure, Stage } from '../diagnosis.js';

/** What the parent asks of the process that loads one backend. */
export interface ProbeRequest {
  readonly backend: BackendName;
  /** Threads of one operation. */
  readonly threads: number;
  /** A resolved config whose kernels are to be looked for. */
  readonly config: Experiment | null;
}

/** Whether a backend has all that the step of a config needs. */
export interface KernelCheck {
  /** How many TensorFlow.js kernels the step calls; null where the tracer cannot follow it. */
  readonly needed: number | null;
  readonly missing: readonly string[];
  /** What the backend said of it, where it refused the step. */
  readonly problem: string | null;
}

/** A backend that has loaded and computed the right numbers. */
export interface ProbeReport {
  readonly device: 'cpu' | 'gpu';
  /** That compute one operation. */
  readonly threads: number;
  readonly versions: Readonly<Record<string, string>>;
  readonly kernels: KernelCheck | null;
}

export type ProbeMessage =
  /** Told before each part, so that a crash can be placed. */
  | { readonly stage: Stage }
  | { readonly report: ProbeReport }
  | { readonly error: NonNullable<Failure['error']> };

export type ProbeResult =
  | { readonly report: ProbeReport; readonly stderr: string }
  | { readonly failure: Failure };
