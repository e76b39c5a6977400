import { adjustContrast, adjustHue, adjustSaturation } from '../../pixels/colors.js';
import { adjustBrightness } from '../../pixels/tones.js';
import { Type } from '../schema.js';
import { type Draws, defineAugmentation, recordDraws } from './augmentation.js';
import { withoutColor } from './fields.js';

const amount = (maximum: number, description: string) =>
  Type.Optional(Type.Number({ minimum: 0, maximum, default: 0, description }));

const ADJUST = [adjustBrightness, adjustContrast, adjustSaturation, adjustHue] as const;

/** Changes brightness, contrast, saturation and hue in a random order, as torchvision's ColorJitter. */
export const color_jitter = defineAugmentation({
  schema: Type.Object(
    {
      type: Type.Literal('color_jitter', {
        description: 'Change brightness, contrast, saturation and hue, in a random order.',
      }),
      brightness: amount(10, 'The factor is drawn from max(0, 1 − brightness) to 1 + brightness.'),
      contrast: amount(10, 'The factor is drawn from max(0, 1 − contrast) to 1 + contrast.'),
      saturation: amount(10, 'The factor is drawn from max(0, 1 − saturation) to 1 + saturation.'),
      hue: amount(0.5, 'Drawn from −hue to hue, in turns of the colour circle.'),
    },
    { additionalProperties: false },
  ),
  problems: ({ brightness, contrast, saturation, hue }, image) => {
    if (brightness + contrast + saturation + hue === 0) {
      const expected = 'brightness, contrast, saturation or hue above 0';
      return [{ key: '', expected, actual: 'none' }];
    }
    return [
      ...(saturation > 0 ? withoutColor('saturation', image) : []),
      ...(hue > 0 ? withoutColor('hue', image) : []),
    ];
  },
  prepare: (amounts, image, stream) => (images, offset, record) => {
    for (const { which, by } of jitter(amounts, recordDraws(stream, record, 8)))
      ADJUST[which]!(images, offset, image, by);
  },
});

interface Amounts {
  readonly brightness: number;
  readonly contrast: number;
  readonly saturation: number;
  readonly hue: number;
}

/** What is done to one record, in its order: 0 brightness, 1 contrast, 2 saturation, 3 hue. */
export function jitter({ brightness, contrast, saturation, hue }: Amounts, draws: Draws) {
  const factor = (place: number, most: number) => draws.between(place, Math.max(0, 1 - most), 1 + most);
  const changes = [
    { which: 0, most: brightness, by: factor(0, brightness) },
    { which: 1, most: contrast, by: factor(1, contrast) },
    { which: 2, most: saturation, by: factor(2, saturation) },
    { which: 3, most: hue, by: draws.between(3, -hue, hue) },
  ];
  // Fisher and Yates, as all random orders here.
  for (let i = 3; i > 0; i--) {
    const j = draws.integer(4 + i, i + 1);
    [changes[i], changes[j]] = [changes[j]!, changes[i]!];
  }
  return changes.filter(({ most }) => most > 0);
}
