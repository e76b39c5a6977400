import { describe, expect, it } from 'vitest';
import { avgPool as layer } from '../../../src/registry/layers/avg_pool.js';
import type { Shape } from '../../../src/registry/layers/layer.js';
import { poolingWindow } from '../../../src/registry/layers/pooling.js';
import { expectAllClose } from '../../helpers/all_close.js';
import { type LayerCase, layerSuite } from '../../helpers/layer_suite.js';
import { avgPool, avgPoolGradient } from '../../helpers/naive.js';
import type { Plain } from '../../helpers/plain.js';
import { TestRandom } from '../../helpers/random.js';
import { runLayer } from '../../helpers/run_layer.js';
import { allRunners } from '../../helpers/runners.js';

type Options = Parameters<typeof layer.plan>[0];

describe.each(allRunners)('avg_pool on %s', (_name, run) => {
  const random = new TestRandom(23);

  it.each<[string, Pick<Options, 'kernel' | 'stride' | 'padding'>, Shape]>([
    ['3×3, stride 2, padding 1, as in the seed', { kernel: 3, stride: 2, padding: 1 }, [3, 7, 6]],
    ['stride 1, padding 1, as in Inception', { kernel: 3, stride: 1, padding: 1 }, [3, 4, 5]],
    ['stride of the window', { kernel: 2, stride: null, padding: 0 }, [2, 5, 4]],
    ['height and width apart', { kernel: [4, 2], stride: [1, 3], padding: [2, 0] }, [2, 5, 8]],
    ['pixels that no window reaches', { kernel: 2, stride: 4, padding: 0 }, [2, 9, 8]],
    ['windows of one pixel', { kernel: 1, stride: 2, padding: 0 }, [2, 5, 4]],
    ['one pixel', { kernel: 3, stride: 1, padding: 1 }, [2, 1, 1]],
    ['5×5, stride 2, as in the seed', { kernel: 5, stride: 2, padding: 0 }, [3, 8, 9]],
  ])('%s', async (_case, changes, shape) => {
    const own = { type: 'avg_pool', name: 'p', ceil_mode: false, count_include_pad: true } as const;
    const options: Options = { ...own, ...changes };
    const { output } = layer.plan(options, shape, { numClasses: 10 });
    const { kernel, stride, padding } = poolingWindow(options, shape);
    const window = { kernel, stride, padding: [padding.top, padding.left] as const };
    for (const x of [random.tensor([2, ...shape])]) {
      const dy = random.tensor([2, ...output]);
      const { y, gradients } = await runLayer(run, options, { x, dy });
      expect(y.shape).toEqual([2, ...output]);
      expectAllClose(y.values, avgPool(x, window).values);
      expectAllClose(gradients.x!.values, avgPoolGradient(x, dy, window).values);
    }
  });
});

/** The mean of what counts in each window, `output` windows of size k, stride s, padding p. */
function meansOf(
  x: Plain,
  { output, k, s, p, counts }: { output: number[]; k: number; s: number; p: number; counts: boolean },
): Plain {
  const [batch, channels, height, width] = x.shape as [number, number, number, number];
  const [rows, columns] = output as [number, number];
  const values: number[] = [];
  for (let plane = 0; plane < batch * channels; plane++)
    for (let i = 0; i < rows; i++)
      for (let j = 0; j < columns; j++) {
        let [sum, count] = [0, 0];
        for (let y = i * s - p; y < i * s - p + k; y++)
          for (let z = j * s - p; z < j * s - p + k; z++) {
            const isInside = y >= 0 && y < height && z >= 0 && z < width;
            if (isInside) sum += x.values[(plane * height + y) * width + z]!;
            if (isInside || (counts && y < height + p && z < width + p)) count++;
          }
        values.push(sum / count);
      }
  return { shape: [batch, channels, rows, columns], values };
}

const averageCase = (
  name: string,
  shape: [number, number, number],
  output: number[],
  [k, s, p]: [number, number, number],
  { ceil, counts }: { ceil: boolean; counts: boolean },
): LayerCase => ({
  name,
  shape,
  options: { type: 'avg_pool', kernel: k, stride: s, padding: p, ceil_mode: ceil, count_include_pad: counts },
  naive: (x) => meansOf(x, { output, k, s, p, counts }),
  torch: `torch.nn.AvgPool2d(${k}, ${s}, ${p}, ${ceil ? 'True' : 'False'}, ${counts ? 'True' : 'False'})`,
});

describe('what counts in the mean', () => {
  layerSuite([
    averageCase('padding does not', [2, 4, 5], [2, 3], [3, 2, 1], { ceil: false, counts: false }),
    averageCase('what ceil_mode adds does not', [2, 4, 6], [2, 3], [3, 2, 0], { ceil: true, counts: true }),
    averageCase('padding, beside it', [2, 4, 5], [3, 3], [3, 2, 1], { ceil: true, counts: true }),
    averageCase('neither', [2, 4, 5], [3, 3], [3, 2, 1], { ceil: true, counts: false }),
  ]);
});
