import { mixWithPartner } from '../../pixels/mix.js';
import { betaFrom } from '../../random.js';
import { Type } from '../schema.js';
import { defineMixing, mixingFields } from './mixing.js';

/**
 * λ · image + (1 − λ) · partner (Zhang et al. 2017), one λ a batch, as torchvision.transforms.v2.MixUp; rounded to whole pixel
 * values, since normalizing comes after.
 */
export const mixup = defineMixing({
  schema: Type.Object(
    {
      type: Type.Literal('mixup', { description: 'Blend each image with another, and their labels alike.' }),
      ...mixingFields,
    },
    { additionalProperties: false },
  ),
  mix: ({ alpha }, { size, images }, next) => {
    const share = betaFrom(next, alpha);
    mixWithPartner(images, images.length / size, share);
    return share;
  },
});
