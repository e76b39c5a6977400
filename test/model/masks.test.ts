import { describe, expect, it } from 'vitest';
import { drawMasks } from '../../src/model/masks.js';
import { everyLayerPlan, smallPlan } from '../helpers/small_plan.js';

const plan = everyLayerPlan();

describe('drawMasks', () => {
  it('draws one for each layer that drops', () => {
    const masks = drawMasks(plan, 0, 0, 3);
    expect([...masks].map(([name, { length }]) => [name, length])).toEqual([
      ['drop_map', 3 * 9 * 3 * 2],
      ['drop', 3 * 9],
    ]);
    expect(
      drawMasks(
        smallPlan({
          layers: [
            { type: 'flatten', name: 'f' },
            { type: 'linear', name: 'l', units: 4 },
          ],
        }),
        0,
        0,
        3,
      ).size,
    ).toBe(0);
  });

  it('keeps the share that the layer says', () => {
    const masks = drawMasks(plan, 0, 0, 2000);
    const share = (name: string) =>
      masks.get(name)!.reduce((sum, one) => sum + one, 0) / masks.get(name)!.length;
    // Five standard errors.
    expect(Math.abs(share('drop_map') - 0.75)).toBeLessThan(5 * Math.sqrt((0.75 * 0.25) / (2000 * 54)));
    expect(Math.abs(share('drop') - 0.5)).toBeLessThan(5 * Math.sqrt(0.25 / (2000 * 9)));
    expect([...new Set(masks.get('drop'))].sort()).toEqual([0, 1]);
  });

  it('an image’s mask depends on its position in the epoch, not on its batch', () => {
    const whole = drawMasks(plan, 2, 0, 8);
    for (const [first, size] of [
      [0, 3],
      [3, 3],
      [6, 2],
      [5, 1],
    ] as const) {
      for (const [name, mask] of drawMasks(plan, 2, first, size)) {
        const each = mask.length / size;
        expect(mask).toEqual(whole.get(name)!.slice(first * each, (first + size) * each));
      }
    }
  });

  it.each([
    ['epoch', drawMasks(plan, 1, 0, 8)],
    ['seed', drawMasks(everyLayerPlan({ seed: 2 }), 0, 0, 8)],
    ['position', drawMasks(plan, 0, 8, 8)],
  ])('differs by %s', (_what, other) => {
    expect(other.get('drop')).not.toEqual(drawMasks(plan, 0, 0, 8).get('drop'));
  });

  it('differs by layer', () => {
    const layers = [
      { type: 'flatten', name: 'f' },
      { type: 'dropout', name: 'a', rate: 0.5 },
      { type: 'dropout', name: 'b', rate: 0.5 },
      { type: 'linear', name: 'l', units: 'num_classes' },
    ];
    const masks = drawMasks(smallPlan({ layers }), 0, 0, 8);
    expect(masks.get('a')).not.toEqual(masks.get('b'));
  });
});
