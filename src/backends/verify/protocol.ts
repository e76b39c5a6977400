import type { BackendName } from '../../registry/backends.js';
import type { DatasetFacts } from '../../registry/datasets/facts.js';
import type { Experiment } from '../../registry/experiment.js';
import type { StateTensor } from '../../storage/safetensors.js';

/** What the parent asks of the process that trains on one backend. */
export interface TrainingRequest {
  readonly backend: BackendName;
  /** As it was resolved. */
  readonly config: Experiment;
  /** As the parent knows it: both backends train on the same data. */
  readonly dataset: DatasetFacts;
  readonly steps: number;
  /** Threads of one operation. */
  readonly threads: number;
}

/** Where a tensor belongs in a ModelState. */
export type StatePart = 'parameters' | 'buffers' | { readonly slot: string };

export type TrainingMessage =
  /** Of one more step. */
  | { readonly loss: number }
  /** One tensor of the state in the end. */
  | { readonly part: StatePart; readonly name: string; readonly tensor: StateTensor }
  | { readonly done: true }
  | { readonly failure: TrainingFailure };

/** An error: what a UserError says, or the stack of a mistake of gnet's own. */
export type TrainingFailure =
  | { readonly message: string; readonly hint: string | undefined; readonly exitCode: 1 | 2 }
  | { readonly message: string; readonly stack: string };
