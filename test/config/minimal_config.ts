/** The smallest config that is right, as a file is written; 8 classes, 3 × 32 × 32 images, 6,000 + 1,000 of them. */
export const MINIMAL = `name: minimal
dataset: {type: shapes}
model:
  layers:
    - {type: global_avg_pool, name: pool}
    - {type: linear, name: fc, units: num_classes}
optimizer: {type: sgd}
training: {epochs: 2, batch_size: 32}
`;

/** The same as a value; keys of `changes` replace its own. */
export function minimalConfig(changes: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    name: 'minimal',
    dataset: { type: 'shapes' },
    model: {
      layers: [
        { type: 'global_avg_pool', name: 'pool' },
        { type: 'linear', name: 'fc', units: 'num_classes' },
      ],
    },
    optimizer: { type: 'sgd' },
    training: { epochs: 2, batch_size: 32 },
    ...changes,
  };
}
