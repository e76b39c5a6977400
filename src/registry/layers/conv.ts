import type { Static } from '@sinclair/typebox';
import { pair, type Resolved, sizeOrPair, Type } from '../schema.js';
import { activationField } from './activation.js';
import { type Convolution, forwardConvolution, planConvolution } from './convolution.js';
import { defineLayer, featureMap, layerFields } from './layer.js';
import { symmetricPadding } from './window.js';

const schema = Type.Object(
  {
    ...layerFields('conv', '2-D convolution, as torch.nn.Conv2d.'),
    filters: Type.Integer({ minimum: 1, description: 'Number of output channels.' }),
    kernel: sizeOrPair(1, { description: 'Window in pixels: one number, or [height, width].' }),
    stride: Type.Optional(sizeOrPair(1, { default: 1, description: 'Step of the window in pixels.' })),
    padding: Type.Optional(
      sizeOrPair(0, { default: 0, description: 'Zeros added on each side, in pixels.' }),
    ),
    bias: Type.Optional(
      Type.Boolean({ default: true, description: 'Whether a value is added to each output channel.' }),
    ),
    activation: Type.Optional(activationField),
  },
  { additionalProperties: false },
);

/** The operation that the options describe. */
export function convolution(options: Resolved<Static<typeof schema>>): Convolution {
  return {
    filters: options.filters,
    kernel: pair(options.kernel),
    stride: pair(options.stride),
    padding: symmetricPadding(pair(options.padding)),
    bias: options.bias,
    activation: options.activation,
  };
}

/** y = activation(weight ⋆ x + bias) */
export const conv = defineLayer({
  schema,
  plan: (options, input) => planConvolution(convolution(options), featureMap(input)),
  forward: (tf, options, context, x) => forwardConvolution(tf, convolution(options), context, x),
});
