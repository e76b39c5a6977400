/**
 * A config that trains within a moment and has everything that a resumed run could get wrong: dropout in both outputs,
 * random augmentation, an auxiliary head, Adam, a schedule with warm-up, a partial last batch, checkpoints within an
 * epoch, histograms. 14 steps: 2 epochs of 7; after each 3 batches of evaluation, on the test set, and one for the
 * gradients.
 */
export const TINY = {
  name: 'tiny',
  seed: 7,
  dataset: { type: 'shapes', limit: { train: 52, test: 20 }, validation: 'test' },
  augmentation: [{ type: 'random_crop', padding: 4 }, { type: 'random_flip' }],
  model: {
    layers: [
      { type: 'conv', name: 'conv1', filters: 6, kernel: 3, stride: 4, padding: 1, activation: 'relu' },
      { type: 'inception', name: 'inception1', conv1x1: 4, conv3x3: 4, conv5x5: 2, convpool: 2 },
      { type: 'dropout', name: 'dropout', rate: 0.3 },
      { type: 'global_avg_pool', name: 'pool' },
      { type: 'linear', name: 'fc', units: 'num_classes' },
    ],
    auxiliary: [
      {
        name: 'head',
        after: 'inception1',
        weight: 0.4,
        layers: [
          { type: 'avg_pool', name: 'pool', kernel: 4, stride: 4 },
          { type: 'flatten', name: 'flatten' },
          { type: 'dropout', name: 'dropout', rate: 0.5 },
          { type: 'linear', name: 'fc', units: 'num_classes' },
        ],
      },
    ],
  },
  optimizer: { type: 'adam', learning_rate: 0.01 },
  schedule: { type: 'cosine', warmup_epochs: 0.5 },
  training: { epochs: 2, batch_size: 8 },
  checkpoint: { every_steps: 3 },
  tensorboard: { histograms_every_epochs: 1 },
  backend: 'onnxruntime-cpu',
} as const;

/** Keys of a TINY that sets 13 images apart and trains on the 52 others: the test set is evaluated once, at the end. */
export const SPLIT = {
  dataset: { type: 'shapes', limit: { train: 65, test: 20 }, validation: 0.2 },
} as const;

/** Keys of a TINY with batch norms, one of which needs its counter. */
export const NORMS = {
  model: {
    layers: [
      { type: 'conv', name: 'conv1', filters: 6, kernel: 3, stride: 4, padding: 1, bias: false },
      { type: 'batch_norm', name: 'bn1', momentum: null },
      { type: 'relu' },
      { type: 'global_avg_pool' },
      { type: 'batch_norm', name: 'bn2' },
      { type: 'linear', name: 'fc', units: 'num_classes' },
    ],
  },
} as const;

/** TINY as a file holds it (JSON is YAML), with some of its keys replaced. */
export function tinyConfig(changes: Readonly<Record<string, unknown>> = {}): string {
  return JSON.stringify({ ...TINY, ...changes }, null, 2);
}
