import { describe, expect, it } from 'vitest';
import type { Shape } from '../../../src/registry/layers/layer.js';
import { maxPool as layer } from '../../../src/registry/layers/max_pool.js';
import { poolingWindow } from '../../../src/registry/layers/pooling.js';
import { expectAllClose } from '../../helpers/all_close.js';
import { layerSuite } from '../../helpers/layer_suite.js';
import { maxPool, maxPoolGradient } from '../../helpers/naive.js';
import { TestRandom } from '../../helpers/random.js';
import { runLayer } from '../../helpers/run_layer.js';
import { allRunners } from '../../helpers/runners.js';

type Options = Parameters<typeof layer.plan>[0];

describe.each(allRunners)('max_pool on %s', (_name, run) => {
  const random = new TestRandom(22);

  it.each<[string, Pick<Options, 'kernel' | 'stride' | 'padding'>, Shape]>([
    ['3×3, stride 2, padding 1, as in the seed', { kernel: 3, stride: 2, padding: 1 }, [3, 7, 6]],
    ['stride 1, padding 1, as in Inception', { kernel: 3, stride: 1, padding: 1 }, [3, 4, 5]],
    ['stride of the window', { kernel: 2, stride: null, padding: 0 }, [2, 5, 4]],
    ['height and width apart', { kernel: [4, 2], stride: [1, 3], padding: [2, 0] }, [2, 5, 8]],
    ['pixels that no window reaches', { kernel: 2, stride: 4, padding: 0 }, [2, 9, 8]],
    ['windows of one pixel', { kernel: 1, stride: 2, padding: 0 }, [2, 5, 4]],
    ['one pixel', { kernel: 3, stride: 1, padding: 1 }, [2, 1, 1]],
  ])('%s', async (_case, changes, shape) => {
    const options: Options = { type: 'max_pool', name: 'p', ceil_mode: false, ...changes };
    const { output } = layer.plan(options, shape, { numClasses: 10 });
    const { kernel, stride, padding } = poolingWindow(options, shape);
    const window = { kernel, stride, padding: [padding.top, padding.left] as const };
    // Below 0, where padding of zeros would win, and with several maxima in most windows.
    for (const x of [random.tensor([2, ...shape]), random.integers([2, ...shape], -3, -1)]) {
      const dy = random.tensor([2, ...output]);
      const { y, gradients } = await runLayer(run, options, { x, dy });
      expect(y.shape).toEqual([2, ...output]);
      expectAllClose(y.values, maxPool(x, window).values);
      expectAllClose(gradients.x!.values, maxPoolGradient(x, dy, window).values);
    }
  });
});

describe('ceil_mode', () => {
  layerSuite([
    {
      name: 'a window over two pixels of three',
      options: { type: 'max_pool', kernel: 3, stride: 2, ceil_mode: true },
      shape: [2, 4, 5],
      naive: (x) => maxPool(x, { kernel: [3, 3], stride: [2, 2], padding: [0, 0], paddingEnd: [1, 0] }),
      torch: 'torch.nn.MaxPool2d(3, 2, ceil_mode=True)',
    },
    {
      name: 'beyond the padding',
      options: { type: 'max_pool', kernel: [3, 2], stride: [2, 3], padding: [1, 0], ceil_mode: true },
      shape: [2, 4, 4],
      naive: (x) => maxPool(x, { kernel: [3, 2], stride: [2, 3], padding: [1, 0], paddingEnd: [2, 1] }),
      torch: 'torch.nn.MaxPool2d((3, 2), (2, 3), (1, 0), ceil_mode=True)',
    },
  ]);
});
