import type { NamedTensor } from '../storage/safetensors.js';
import type { ModelState } from './state.js';
import type { StepMetrics } from './step.js';

/** A batch in host memory. */
export interface HostBatch {
  readonly size: number;
  /** uint8 [size, channels, height, width]. */
  readonly images: Uint8Array;
  /** Class numbers [size]. */
  readonly labels: Int32Array;
}

/** Dropout masks of one training step: zeros and ones, uint8 [size, ...output of the layer], by layer name. */
export type HostMasks = ReadonlyMap<string, Uint8Array>;

/** Which update a training step makes. */
export interface Update {
  /** Counts from 1. */
  readonly step: number;
  readonly learningRate: number;
}

/** What evaluation tells of each image of a batch. */
export interface Evaluation {
  /** Of the main output, [batch]. */
  readonly losses: Float32Array;
  /** Class numbers, [batch]. */
  readonly predicted: Int32Array;
  /** The main output, [batch, classes]. */
  readonly logits: Float32Array;
  /** Their softmax, [batch, classes]. */
  readonly probabilities: Float32Array;
}

/** A model that can be trained on one backend; it owns its state. */
export interface Program {
  /** Does ahead what the first step of this batch size would do once. */
  prepare(batchSize: number): Promise<void>;
  /** One update. Metrics are those of the batch before the update. */
  train(batch: HostBatch, masks: HostMasks, update: Update): Promise<StepMetrics>;
  /** Gradients of the training loss by parameter, with the state as it is; valid until the next step. Updates nothing. */
  gradients(batch: HostBatch, masks: HostMasks): Promise<ReadonlyMap<string, NamedTensor>>;
  evaluate(batch: HostBatch): Promise<Evaluation>;
  /** The state as it is now; read or copy it before the next step. */
  state(): Promise<ModelState>;
  /** Replaces the state. */
  load(state: ModelState): Promise<void>;
  dispose(): void;
}
