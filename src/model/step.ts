import type { Scalar, Tensor, Tensor1D } from '@tensorflow/tfjs';
import type { Plan } from '../config/resolve.js';
import { crossEntropyOfEach } from '../registry/losses/cross_entropy.js';
import { lossEntry } from '../registry/losses/index.js';
import type { Tf } from '../registry/schema.js';
import { type ForwardInputs, forward, type Logits } from './forward.js';
import { preprocess } from './preprocess.js';

/** A batch on a backend. */
export interface BatchTensors {
  /**
   * Pixels 0…255, int32 [batch, channels, height, width]; for a network that reads features, float32 [batch, ...shape of
   * one image's features].
   */
  readonly images: Tensor;
  /** Class numbers, int32 [batch]. */
  readonly labels: Tensor;
  /** Shares of each class, float32 [batch, classes], where images are mixed. */
  readonly targets?: Tensor;
  /** Dropout masks, int32 zeros and ones [batch, ...output of the layer], by layer name. */
  readonly masks: ReadonlyMap<string, Tensor>;
}

/** Scalars of one training step. */
export interface StepMetrics {
  /** mainLoss + Σ weight · auxLoss, each the training loss of the batch. */
  readonly loss: number;
  readonly mainLoss: number;
  /** By name of the head. */
  readonly auxLoss: Readonly<Record<string, number>>;
  /** How many images of the batch the main output classified correctly: those that are mixed, as their larger share. */
  readonly correct: number;
}

/** The tensors of a model on a backend, by state-dict name; int64 counters are int32. */
export interface ModelTensors {
  readonly parameters: ReadonlyMap<string, Tensor>;
  readonly buffers: ReadonlyMap<string, Tensor>;
}

/** What a training step computes; nothing of the model has changed. */
export interface TrainStep {
  /** A vector for readMetrics. */
  readonly metrics: Tensor;
  /** Of each trained parameter, in its layout. */
  readonly gradients: ReadonlyMap<string, Tensor>;
  /** The next values of the buffers that follow from the batch. */
  readonly buffers: ReadonlyMap<string, Tensor>;
}

/** Loss, gradients and the buffers' next values of one batch. */
export function trainStep(
  tf: Tf,
  plan: Plan,
  { parameters, buffers }: ModelTensors,
  batch: BatchTensors,
  onLayer?: ForwardInputs['onLayer'],
): TrainStep {
  const trained = [...parameters.keys()].filter((name) => !plan.frozen.has(name));
  const next = new Map<string, Tensor>();
  let metrics: Tensor | undefined;
  const lossOf = (...values: Tensor[]): Scalar => {
    const tensors = new Map([...parameters, ...buffers]);
    for (const [index, name] of trained.entries()) tensors.set(name, values[index]!);
    const logits = forwardBatch(tf, plan, batch.images, {
      training: true,
      tensors,
      frozen: plan.frozen,
      masks: batch.masks,
      // The scope of a gradient computation frees everything but its result; these and the metrics outlive it.
      setNext: (buffer, value) => next.set(buffer, tf.keep(value)),
      ...(onLayer && { onLayer }),
    });
    const batchLoss = (output: Tensor) => trainingLoss(tf, plan, output, batch);
    const main = batchLoss(logits.main);
    const heads = logits.auxiliary.map(batchLoss);
    const total = heads.reduce(
      (sum, loss, index) => tf.add(sum, tf.mul(loss, plan.network.auxiliary[index]!.weight)),
      main,
    );
    metrics = tf.keep(tf.stack([total, main, ...heads, correctCount(tf, logits.main, batch.labels)]));
    return total as Scalar;
  };
  const { grads } = tf.valueAndGrads(lossOf)(trained.map((name) => parameters.get(name)!));
  const gradients = new Map(trained.map((name, index) => [name, grads[index]!]));
  return { metrics: metrics!, gradients, buffers: next };
}

/** Reads the vector that trainStep returns. */
export function readMetrics(plan: Plan, values: ArrayLike<number>): StepMetrics {
  const heads = plan.network.auxiliary;
  return {
    loss: values[0]!,
    mainLoss: values[1]!,
    auxLoss: Object.fromEntries(heads.map((head, index) => [head.name, values[2 + index]!])),
    correct: values[2 + heads.length]!,
  };
}

/**
 * What a trained model says of images, by its main output: the part of evaluation that needs no labels.
 * @param images pixels 0…255, int32 [batch, channels, height, width]
 * @returns `logits` and `probabilities`, their softmax, float32 [batch, classes]
 */
export function predictionStep(
  tf: Tf,
  plan: Plan,
  model: ModelTensors,
  images: Tensor,
  onLayer?: ForwardInputs['onLayer'],
): { logits: Tensor; probabilities: Tensor } {
  const logits = mainOutput(tf, plan, model, images, onLayer);
  return { logits, probabilities: tf.softmax(logits) };
}

/**
 * What the last layer of a network gives of images in evaluation, as a network that reads features takes it.
 * @param images pixels 0…255, int32 [batch, channels, height, width]
 * @returns float32 [batch, ...shape of one image's features], channels first
 */
export function featureStep(
  tf: Tf,
  plan: Plan,
  model: ModelTensors,
  images: Tensor,
  onLayer?: ForwardInputs['onLayer'],
): Tensor {
  const main = mainOutput(tf, plan, model, images, onLayer);
  return main.rank === 4 ? tf.transpose(main, [0, 3, 1, 2]) : tf.clone(main);
}

/**
 * Cross-entropy, predicted class, logits and probabilities of each image, of the main output only.
 * @returns `losses` float32 [batch], `predicted` int32 [batch], `logits` and `probabilities` float32 [batch, classes]
 */
export function evaluationStep(
  tf: Tf,
  plan: Plan,
  model: ModelTensors,
  batch: BatchTensors,
  onLayer?: ForwardInputs['onLayer'],
): { losses: Tensor; predicted: Tensor; logits: Tensor; probabilities: Tensor } {
  const { logits, probabilities } = predictionStep(tf, plan, model, batch.images, onLayer);
  return {
    losses: crossEntropyOfEach(tf, logits, batch.labels),
    predicted: tf.argMax(logits, 1),
    logits,
    probabilities,
  };
}

/** What the last layer gives in evaluation. */
function mainOutput(
  tf: Tf,
  plan: Plan,
  { parameters, buffers }: ModelTensors,
  images: Tensor,
  onLayer: ForwardInputs['onLayer'],
): Tensor {
  const inputs = {
    training: false,
    tensors: new Map([...parameters, ...buffers]),
    frozen: plan.frozen,
    masks: new Map(),
    ...(onLayer && { onLayer }),
  };
  return forwardBatch(tf, plan, images, inputs).main;
}

/** From what the network reads to logits; what follows in a trace belongs to the loss. */
function forwardBatch(tf: Tf, plan: Plan, values: Tensor, inputs: ForwardInputs): Logits {
  const images =
    plan.network.reads === 'images'
      ? preprocess(tf, values, plan.config.input, plan.dataset.image)
      : values.rank === 4
        ? tf.transpose(values, [0, 2, 3, 1])
        : values;
  const logits = forward(tf, plan.network, images, inputs);
  inputs.onLayer?.('loss');
  return logits;
}

function trainingLoss(
  tf: Tf,
  { config: { loss }, classWeights }: Plan,
  logits: Tensor,
  { labels, targets }: BatchTensors,
): Tensor {
  if ('class_weights' in loss && loss.class_weights !== null && classWeights === null)
    throw new Error('balanced class weights need the labels of the training images (withBalancedClasses)');
  return lossEntry(loss.type).ofBatch(tf, loss, {
    logits,
    labels,
    classWeights,
    ...(targets && { targets }),
  });
}

function correctCount(tf: Tf, logits: Tensor, labels: Tensor): Tensor {
  return tf.sum(tf.cast(tf.equal(tf.argMax(logits, 1), labels as Tensor1D), 'float32'));
}
