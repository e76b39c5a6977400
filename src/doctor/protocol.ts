import type { BackendName } from '../registry/backends/index.js';
import type { Experiment } from '../registry/experiment.js';

/** What the parent asks of the process that loads one backend. */
export interface ProbeRequest {
  readonly backend: BackendName;
  /** Threads of one operation. */
  readonly threads: number;
  /** A resolved config whose kernels are to be looked for. */
  readonly config: Experiment | null;
}

/** How far the probe is: told before each part, so that a crash can be placed. */
export type ProbeStage = 'load' | 'compute' | 'kernels';

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

/** An error that the probe caught. */
export interface ProbeError {
  /** With the messages of its causes, a line each. */
  readonly message: string;
  /** Of a UserError: the backend itself says what is wrong, and what to do. */
  readonly hint: string | null;
}

export type ProbeMessage =
  | { readonly stage: ProbeStage }
  | { readonly report: ProbeReport }
  | { readonly error: ProbeError };

/** How a probe failed, as far as could be seen from outside. */
export interface ProbeFailure {
  readonly during: ProbeStage | 'start';
  readonly ended:
    | { readonly how: 'error' }
    | { readonly how: 'signal'; readonly signal: NodeJS.Signals }
    | { readonly how: 'exit'; readonly code: number }
    | { readonly how: 'time limit'; readonly seconds: number };
  readonly error: ProbeError | null;
  readonly stderr: string;
}

export type ProbeResult =
  | { readonly report: ProbeReport; readonly stderr: string }
  | { readonly failure: ProbeFailure };
