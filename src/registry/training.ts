import { nullable, Type } from './schema.js';

const clip = (description: string) =>
  Type.Optional(nullable(Type.Number({ exclusiveMinimum: 0, description }), { default: null }));

export const training = Type.Object(
  {
    epochs: Type.Integer({ minimum: 1, maximum: 1_000_000, description: 'Passes over the training images.' }),
    batch_size: Type.Integer({
      minimum: 1,
      maximum: 65536,
      description: 'Images an update; the last batch of an epoch may be smaller.',
    }),
    accumulate: Type.Optional(
      Type.Integer({
        minimum: 1,
        default: 1,
        description:
          'Parts of equal size that the images of an update are cut into: the gradients of one after the other are summed. Takes less memory; batch norms see the parts.',
      }),
    ),
    shuffle: Type.Optional(
      Type.Boolean({ default: true, description: 'Whether each epoch has its own order of images.' }),
    ),
    clip_grad_norm: clip(
      'Most that the norm of all gradients together may be, as torch.nn.utils.clip_grad_norm_; null does not clip.',
    ),
    clip_grad_value: clip(
      'Most that each number of a gradient may be, up and down, as torch.nn.utils.clip_grad_value_; null does not clip.',
    ),
    agc: clip(
      "Most that the norm of a unit's gradient may be, times that of its parameters (timm's agc; 0.01 in the article): of the weights of each output, but for those of the last layer; null does not clip.",
    ),
  },
  { additionalProperties: false, description: 'The training loop.' },
);
