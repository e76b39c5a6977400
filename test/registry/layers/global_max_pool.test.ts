import { describe } from 'vitest';
import { layerSuite } from '../../helpers/layer_suite.js';

describe('global_max_pool', () => {
  layerSuite([
    {
      name: 'of a map',
      options: { type: 'global_max_pool' },
      shape: [3, 4, 5],
      naive: ({ values }) => ({
        shape: [2, 3],
        values: Array.from({ length: 6 }, (_, plane) =>
          Math.max(...Array.from(values).slice(plane * 20, (plane + 1) * 20)),
        ),
      }),
      torch: 'torch.nn.Sequential(torch.nn.AdaptiveMaxPool2d(1), torch.nn.Flatten())',
    },
  ]);
});
