import { pasteFromPartner } from '../../pixels/mix.js';
import type { Box } from '../../pixels/resized_crop.js';
import { betaFrom } from '../../random.js';
import type { ImageSize } from '../datasets/facts.js';
import { Type } from '../schema.js';
import { defineMixing, mixingFields } from './mixing.js';

/**
 * A box of the partner in place of one's own (Yun et al. 2019), of area 1 − λ before it is cut at the border, one box a batch, as
 * torchvision.transforms.v2.CutMix. The labels have the shares of what is seen.
 */
export const cutmix = defineMixing({
  schema: Type.Object(
    {
      type: Type.Literal('cutmix', {
        description: 'Paste a box of another image into each, and mix their labels by area.',
      }),
      ...mixingFields,
    },
    { additionalProperties: false },
  ),
  mix: ({ alpha }, { images, image }, next) => {
    const box = mixedBox(betaFrom(next, alpha), image, next);
    pasteFromPartner(images, image, box);
    return 1 - (box.width * box.height) / (image.width * image.height);
  },
});

/** The box of torchvision's CutMix.make_params, which may be empty. */
export function mixedBox(share: number, image: Pick<ImageSize, 'height' | 'width'>, next: () => number): Box {
  const x = Math.floor(next() * image.width);
  const y = Math.floor(next() * image.height);
  const half = 0.5 * Math.sqrt(1 - share);
  const [halfWidth, halfHeight] = [Math.trunc(half * image.width), Math.trunc(half * image.height)];
  const [left, top] = [Math.max(0, x - halfWidth), Math.max(0, y - halfHeight)];
  const right = Math.min(image.width, x + halfWidth);
  const bottom = Math.min(image.height, y + halfHeight);
  return { top, left, height: bottom - top, width: right - left };
}
