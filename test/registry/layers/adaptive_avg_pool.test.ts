import { describe } from 'vitest';
import { type LayerCase, layerSuite } from '../../helpers/layer_suite.js';
import type { Plain } from '../../helpers/plain.js';

/** The mean of each part, which begins and ends at the pixels that hold its edges. */
function adaptive(x: Plain, [rows, columns]: readonly [number, number]): Plain {
  const [batch, channels, height, width] = x.shape as [number, number, number, number];
  const values: number[] = [];
  for (let plane = 0; plane < batch * channels; plane++)
    for (let i = 0; i < rows; i++)
      for (let j = 0; j < columns; j++) {
        const part: number[] = [];
        for (let y = Math.floor((i * height) / rows); y < ((i + 1) * height) / rows; y++)
          for (let z = Math.floor((j * width) / columns); z < ((j + 1) * width) / columns; z++)
            part.push(x.values[(plane * height + y) * width + z]!);
        values.push(part.reduce((sum, value) => sum + value, 0) / part.length);
      }
  return { shape: [batch, channels, rows, columns], values };
}

const adaptiveCase = (
  name: string,
  shape: [number, number, number],
  size: readonly [number, number],
): LayerCase => ({
  name,
  shape,
  options: { type: 'adaptive_avg_pool', size: size[0] === size[1] ? size[0] : [...size] },
  naive: (x) => adaptive(x, size),
  torch: `torch.nn.AdaptiveAvgPool2d((${size}))`,
});

describe('adaptive_avg_pool', () => {
  layerSuite([
    adaptiveCase('one pixel', [3, 4, 5], [1, 1]),
    adaptiveCase('equal parts', [2, 4, 6], [2, 3]),
    adaptiveCase('parts that overlap', [2, 5, 4], [3, 3]),
    adaptiveCase('more than there are', [2, 1, 2], [4, 4]),
    adaptiveCase('one way only', [2, 4, 3], [1, 2]),
  ]);
});
