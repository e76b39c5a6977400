import type { Static } from '@sinclair/typebox';
import { integerOr, pair, type Resolved, sizeOrPair, sizePairOr, Type } from '../schema.js';
import { activationField } from './activation.js';
import { type Convolution, forwardConvolution, planConvolution } from './convolution.js';
import { initializationField } from './initialization.js';
import { defineLayer, featureMap, layerFields, OptionError } from './layer.js';
import { type Padding, reach, symmetricPadding } from './window.js';

const schema = Type.Object(
  {
    ...layerFields('conv', '2-D convolution, as torch.nn.Conv2d.'),
    filters: integerOr(['num_classes'], 1, {
      description: 'Number of output channels; num_classes stands for the number of classes of the data set.',
    }),
    kernel: sizeOrPair(1, { description: 'Window in pixels: one number, or [height, width].' }),
    stride: Type.Optional(sizeOrPair(1, { default: 1, description: 'Step of the window in pixels.' })),
    padding: Type.Optional(
      sizePairOr(['same'], 0, {
        default: 0,
        description:
          'Zeros added on each side, in pixels; same keeps height and width (stride 1): an odd one goes below and right.',
      }),
    ),
    dilation: Type.Optional(
      sizeOrPair(1, { default: 1, description: 'Distance of the pixels that a window reads.' }),
    ),
    groups: Type.Optional(
      Type.Integer({
        minimum: 1,
        default: 1,
        description:
          'Equal parts of the channels, each read by its part of the filters; as many as channels: depthwise.',
      }),
    ),
    bias: Type.Optional(
      Type.Boolean({ default: true, description: 'Whether a value is added to each output channel.' }),
    ),
    activation: Type.Optional(activationField),
    init: initializationField,
  },
  { additionalProperties: false },
);

/** The operation that the options describe. */
export function convolution(options: Resolved<Static<typeof schema>>): Convolution {
  return {
    kernel: pair(options.kernel),
    stride: pair(options.stride),
    padding: paddingOf(options),
    dilation: pair(options.dilation),
    groups: options.groups,
    bias: options.bias,
    activation: options.activation,
  };
}

/** @throws OptionError for `same` with a stride, as PyTorch does */
function paddingOf({ padding, stride, ...options }: Resolved<Static<typeof schema>>): Padding {
  if (padding !== 'same') return symmetricPadding(pair(padding));
  if (pair(stride).some((step) => step > 1)) {
    throw new OptionError('padding', 'pixels, as same needs stride 1', 'same');
  }
  const [vertical, horizontal] = reach(pair(options.kernel), pair(options.dilation)).map((size) => size - 1);
  const [top, left] = [Math.floor(vertical! / 2), Math.floor(horizontal! / 2)];
  return { top, bottom: vertical! - top, left, right: horizontal! - left };
}

/** y = activation(weight ⋆ x + bias) */
export const conv = defineLayer({
  schema,
  plan: (options, input, { numClasses }) => {
    const filters = options.filters === 'num_classes' ? numClasses : options.filters;
    return planConvolution(convolution(options), filters, featureMap(input));
  },
  forward: (tf, options, context, x) => forwardConvolution(tf, convolution(options), context, x),
});
