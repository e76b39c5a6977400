import { blur, gaussianKernel } from '../../pixels/blur.js';
import { Type } from '../schema.js';
import { defineAugmentation, recordDraws } from './augmentation.js';
import { probabilityField, range, rangeField, unordered } from './fields.js';

/** Blurs with a sigma drawn from a range, as torchvision's GaussianBlur(kernel_size, sigma); the border mirrors the image. */
export const gaussian_blur = defineAugmentation({
  schema: Type.Object(
    {
      type: Type.Literal('gaussian_blur', { description: 'Blur by a Gaussian of random width.' }),
      kernel_size: Type.Integer({
        minimum: 3,
        maximum: 63,
        description: 'Pixels that are averaged along each axis: odd.',
      }),
      sigma: rangeField(
        { exclusiveMinimum: 0 },
        { default: [0.1, 2], description: 'Least and largest standard deviation, in pixels.' },
      ),
      probability: probabilityField(1),
    },
    { additionalProperties: false },
  ),
  problems: ({ kernel_size, sigma }, { height, width }) => {
    const most = 2 * Math.min(height, width) - 1;
    const fits = kernel_size % 2 === 1 && kernel_size <= most;
    const expected = `an odd number up to ${most}, as images of ${height} × ${width} are mirrored once`;
    return [
      ...(fits ? [] : [{ key: 'kernel_size', expected, actual: String(kernel_size) }]),
      ...unordered('sigma', sigma),
    ];
  },
  prepare:
    ({ kernel_size, sigma, probability }, image, stream) =>
    (images, offset, record) => {
      const draws = recordDraws(stream, record, 2);
      if (draws.uniform(0) < probability)
        blur(images, offset, image, gaussianKernel(kernel_size, draws.between(1, ...range(sigma))));
    },
});
