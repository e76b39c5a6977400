import { affine, type Interpolation, inverseAffine } from '../../pixels/affine.js';
import { adjustSharpness } from '../../pixels/blur.js';
import { adjustContrast, adjustSaturation } from '../../pixels/colors.js';
import { roundHalfEven } from '../../pixels/planes.js';
import { rotate } from '../../pixels/rotate.js';
import { adjustBrightness, autoContrast, equalize, invert, posterize, solarize } from '../../pixels/tones.js';
import type { ImageSize } from '../datasets/facts.js';

/** The operations of AutoAugment and its successors, named as torchvision does. */
export type Operation =
  | 'Identity'
  | 'ShearX'
  | 'ShearY'
  | 'TranslateX'
  | 'TranslateY'
  | 'Rotate'
  | 'Brightness'
  | 'Color'
  | 'Contrast'
  | 'Sharpness'
  | 'Posterize'
  | 'Solarize'
  | 'AutoContrast'
  | 'Equalize'
  | 'Invert';

/** What RandAugment and TrivialAugment draw from, in torchvision's order. */
export const DRAWN: readonly Operation[] = [
  'Identity',
  'ShearX',
  'ShearY',
  'TranslateX',
  'TranslateY',
  'Rotate',
  'Brightness',
  'Color',
  'Contrast',
  'Sharpness',
  'Posterize',
  'Solarize',
  'AutoContrast',
  'Equalize',
];

/** How strong the largest magnitudes are. */
export interface Strengths {
  readonly shear: number;
  /** Pixels, by width or height. */
  readonly translate: (length: number) => number;
  /** Degrees. */
  readonly rotate: number;
  /** Factors go from 1 − enhance to 1 + enhance. */
  readonly enhance: number;
  /** Bits that are lost. */
  readonly posterize: number;
}

/** Those of AutoAugment and RandAugment. */
export const USUAL: Strengths = {
  shear: 0.3,
  translate: (length) => (150 / 331) * length,
  rotate: 30,
  enhance: 0.9,
  posterize: 4,
};

/** Those of TrivialAugmentWide. */
export const WIDE: Strengths = {
  shear: 0.99,
  translate: () => 32,
  rotate: 135,
  enhance: 0.99,
  posterize: 6,
};

/** Value `bin` of `bins` from `start` to `end`, evenly spaced, as torch.linspace has it in float32. */
function linspace(start: number, end: number, bins: number, bin: number): number {
  const step = Math.fround((Math.fround(end) - start) / (bins - 1));
  return Math.fround(bin < Math.floor(bins / 2) ? start + step * bin : Math.fround(end) - step * (bins - 1 - bin));
}

/**
 * The magnitude of an operation: bin `bin` of `bins` bins, from weak to strong.
 * @param negative turns the sign of operations that have two directions
 */
export function magnitudeOf(
  operation: Operation,
  strengths: Strengths,
  { bins, bin, negative }: { readonly bins: number; readonly bin: number; readonly negative: boolean },
  { height, width }: Pick<ImageSize, 'height' | 'width'>,
): number {
  const signed = (end: number) => (negative ? -1 : 1) * linspace(0, end, bins, bin);
  switch (operation) {
    case 'ShearX':
    case 'ShearY':
      return signed(strengths.shear);
    case 'TranslateX':
      return signed(strengths.translate(width));
    case 'TranslateY':
      return signed(strengths.translate(height));
    case 'Rotate':
      return signed(strengths.rotate);
    case 'Brightness':
    case 'Color':
    case 'Contrast':
    case 'Sharpness':
      return signed(strengths.enhance);
    case 'Posterize':
      return roundHalfEven(8 - bin / ((bins - 1) / strengths.posterize));
    case 'Solarize':
      return linspace(1, 0, bins, bin);
    default:
      return 0;
  }
}

const degrees = (slope: number) => (Math.atan(slope) * 180) / Math.PI;

/** One image that is changed in place, and how its pixels are resampled. */
export interface Operand {
  readonly images: Uint8Array;
  readonly offset: number;
  readonly size: ImageSize;
  readonly interpolation: Interpolation;
  readonly fill: number | null;
}

function move(to: Operand, shear: readonly [number, number], translate: readonly [number, number]): void {
  const { images, offset, size, interpolation, fill } = to;
  // Shears leave the upper left corner where it is.
  const corner = { center: [-size.width / 2, -size.height / 2] as const };
  const sheared = shear[0] !== 0 || shear[1] !== 0;
  const change = { angle: 0, scale: 1, shear, translate, ...(sheared && corner) };
  affine(images, offset, size, inverseAffine(change), interpolation, fill);
}

/** A change of tones. */
type Tone = (images: Uint8Array, offset: number, size: ImageSize, value: number) => void;
const tone =
  (change: Tone, value = (magnitude: number) => magnitude) =>
  ({ images, offset, size }: Operand, magnitude: number) =>
    change(images, offset, size, value(magnitude));

const factor = (magnitude: number) => 1 + magnitude;

/** Each does its operation as torchvision.transforms.v2's _apply_image_or_video_transform does to tensors. */
export const OPERATIONS: Readonly<Record<Operation, (to: Operand, magnitude: number) => void>> = {
  Identity: () => {},
  ShearX: (to, magnitude) => move(to, [degrees(magnitude), 0], [0, 0]),
  ShearY: (to, magnitude) => move(to, [0, degrees(magnitude)], [0, 0]),
  TranslateX: (to, magnitude) => move(to, [0, 0], [Math.trunc(magnitude), 0]),
  TranslateY: (to, magnitude) => move(to, [0, 0], [0, Math.trunc(magnitude)]),
  Rotate: ({ images, offset, size, interpolation, fill }, magnitude) =>
    rotate(images, offset, size, magnitude, interpolation, fill),
  Brightness: tone(adjustBrightness, factor),
  Color: tone(adjustSaturation, factor),
  Contrast: tone(adjustContrast, factor),
  Sharpness: tone(adjustSharpness, factor),
  Posterize: tone(posterize),
  Solarize: tone(solarize, (magnitude) => 255 * magnitude),
  AutoContrast: tone(autoContrast),
  Equalize: tone(equalize),
  Invert: tone(invert),
};
