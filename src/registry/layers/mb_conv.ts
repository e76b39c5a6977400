import { nullable, oneOf, Type } from '../schema.js';
import { activationOption } from './activation.js';
import { defineComposite, type WrittenLayer } from './container.js';
import { OptionError, unnamedLayerFields } from './layer.js';
import { normFields } from './norm_fields.js';

/** What torchvision's squeezes have, of a quarter of the channels. */
const squeezes = {
  /** EfficientNet. */
  input: (input: number) => ({ channels: Math.max(1, Math.floor(input / 4)), activation: 'silu' }),
  /** MobileNetV3. */
  hidden: (_input: number, hidden: number) => ({ channels: divisible(hidden / 4), gate: 'hard_sigmoid' }),
} as const;

/**
 * Expansion, depthwise convolution, squeeze-and-excitation and linear projection, with a shortcut where shapes agree, as
 * torchvision's mobilenetv3.InvertedResidual (Howard et al. 2019) and efficientnet.MBConv (Tan & Le 2019).
 */
export const mbConv = defineComposite({
  schema: Type.Object(
    {
      ...unnamedLayerFields(
        'mb_conv',
        'Block of MobileNetV3 and of EfficientNet, as torchvision has it: block.0.0, block.0.1 …',
      ),
      filters: Type.Integer({ minimum: 1, description: 'Output channels.' }),
      expansion: Type.Optional(
        nullable(
          Type.Number({
            exclusiveMinimum: 0,
            description:
              'Channels inside for each input channel, rounded to a multiple of 8; or give hidden.',
          }),
          { default: null },
        ),
      ),
      hidden: Type.Optional(
        nullable(
          Type.Integer({
            minimum: 1,
            description: 'Channels inside; as many as the input has: no expansion.',
          }),
          { default: null },
        ),
      ),
      kernel: Type.Optional(
        Type.Integer({ minimum: 1, default: 3, description: 'Window of the depthwise convolution.' }),
      ),
      stride: Type.Optional(Type.Integer({ minimum: 1, default: 1, description: 'Its step.' })),
      squeeze: Type.Optional(
        oneOf(['none', 'input', 'hidden'], {
          default: 'none',
          description:
            'Squeeze-and-excitation to a quarter of the input channels (EfficientNet), or of those inside (MobileNetV3, whose gate is hard_sigmoid).',
        }),
      ),
      activation: Type.Optional(activationOption('silu')),
      drop_path: Type.Optional(
        Type.Number({
          minimum: 0,
          exclusiveMaximum: 1,
          default: 0,
          description: 'Probability of dropping the block in training, where it has a shortcut.',
        }),
      ),
      ...normFields,
    },
    { additionalProperties: false },
  ),
  expand: (options, [channels]) => {
    const { filters, kernel, stride, squeeze, activation, eps, momentum } = options;
    const hidden = hiddenChannels(options, channels);
    const unit = (more: object): WrittenLayer => ({
      ...{ type: 'conv_norm_activation', filters: hidden, activation, eps, momentum },
      ...more,
    });
    const units: WrittenLayer[] = [
      ...(hidden === channels ? [] : [unit({ kernel: 1 })]),
      unit({ kernel, stride, groups: 'channels' }),
      ...(squeeze === 'none' ? [] : [{ type: 'squeeze_excite', ...squeezes[squeeze](channels, hidden) }]),
      unit({ filters, kernel: 1, activation: 'none' }),
    ];
    const block: WrittenLayer = {
      type: 'sequential',
      name: 'block',
      layers: units.map((layer, index) => ({ ...layer, name: `${index}` })),
    };
    if (stride !== 1 || channels !== filters) return [block];
    return [{ type: 'residual', layers: [block, { type: 'drop_path', rate: options.drop_path }] }];
  },
});

/** @throws OptionError unless one of the two says it */
function hiddenChannels(
  { expansion, hidden }: { readonly expansion: number | null; readonly hidden: number | null },
  channels: number,
): number {
  if (hidden !== null && expansion === null) return hidden;
  if (hidden === null && expansion !== null) return divisible(channels * expansion);
  throw new OptionError('hidden', 'either expansion or hidden', hidden === null ? 'neither' : 'both');
}

/** The nearest multiple of 8, at least 8, and no more than a tenth below (torchvision's _make_divisible). */
function divisible(channels: number): number {
  const nearest = Math.max(8, Math.floor((channels + 4) / 8) * 8);
  return nearest < 0.9 * channels ? nearest + 8 : nearest;
}
