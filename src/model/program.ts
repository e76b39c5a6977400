import type { InputValues } from '../data/source.js';
import type { NamedTensor } from '../storage/safetensors.js';
import type { Clipping } from './clipping.js';
import type { ModelState } from './state.js';
import type { StepMetrics } from './step.js';

/** Images and labels of a step. */
export interface Batch {
  readonly size: number;
  /**
   * uint8 [size, channels, height, width]; for a network that reads features, float32 [size, ...shape of one image's
   * features], channels first.
   */
  readonly images: InputValues;
  /** Class numbers [size]. */
  readonly labels: Int32Array;
}

/** Masks of one training step: zeros and ones, uint8 [size, ...shape of the mask], by layer name. */
export type Masks = ReadonlyMap<string, Uint8Array>;

/** Which update a training step makes. */
export interface Update {
  /** Counts from 1. */
  readonly step: number;
  readonly learningRate: number;
}

/** One of the parts that the images of an update are cut into. */
export interface Part {
  /** Whether it is the first: what was computed before is forgotten. */
  readonly first: boolean;
  /** Its images ÷ those of the update: what its gradients count. */
  readonly share: number;
}

/** All images of an update at once. */
export const WHOLE: Part = { first: true, share: 1 };

/** All that evaluation reads of a state. */
export type Weights = Pick<ModelState, 'parameters' | 'buffers'>;

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

/** A model on one backend; it owns its state. */
export interface Program {
  /** Does ahead what the first step of this batch size would do once. */
  prepare(batchSize: number): Promise<void>;
  /**
   * Computes the gradients of the training loss, and the buffers' next values; both wait for `update`, and the state stays
   * as it is.
   * @param part of an update, WHOLE if not given: one that is not the first adds its gradients, and goes on from the buffers'
   * next values
   */
  backward(batch: Batch, masks: Masks, part?: Part): Promise<StepMetrics>;
  /** Makes the gradients as small as the clipping asks. @returns their norm before, all together */
  clip(clipping: Clipping): Promise<number>;
  /** The gradients that `update` takes or took, by trained parameter; valid until the next `backward`. */
  gradients(): Promise<ReadonlyMap<string, NamedTensor>>;
  /** The only verb that changes the state, once all parts have passed `backward`: trained parameters and slots by the gradients, buffers to their next values. */
  update(update: Update): Promise<void>;
  /** @param weights what to evaluate in place of the program's own state */
  evaluate(batch: Batch, weights?: Weights): Promise<Evaluation>;
  /** The state as it is now; read or copy it before the next step. */
  state(): Promise<ModelState>;
  dispose(): void;
}

/** Computes features of images: what the last layer of a network gives in evaluation. */
export interface FeatureExtractor {
  /** @returns float32 [size, ...shape of one image's features], channels first; the caller's own */
  extract(batch: Batch): Promise<Float32Array>;
  dispose(): void;
}
