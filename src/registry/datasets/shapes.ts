import { fillUniform, randomStream } from '../../random.js';
import { pair, sizeOrPair, Type } from '../schema.js';
import { type Draw, defineGeneratedDataset } from './dataset.js';
import type { ImageSize } from './facts.js';
import { generatedSchema } from './options.js';

/** Lengths below are pixels of an image of this height and width; in others they grow with the shorter side. */
const SIZE = 32;

/** Where one object lies: centre and radius in pixels, angle in radians, all drawn for each image. */
interface Pose {
  readonly radius: number;
  /** Repeat distance of a texture, in pixels. */
  readonly period: number;
  /** Whether a texture fills a disc or a square, so that its outline says nothing about its class. */
  readonly round: boolean;
}

const box = (x: number, y: number, half: number): number => Math.max(Math.abs(x), Math.abs(y)) - half;

/** Signed distance in pixels to the patch that a texture fills. */
const patch = (x: number, y: number, pose: Pose): number =>
  pose.round ? Math.hypot(x, y) - pose.radius : box(x, y, 0.9 * pose.radius);

/** Distance from `value` to the nearest multiple of `period`, at most period / 2. */
const toMultiple = (value: number, period: number): number =>
  Math.abs(value - period * Math.round(value / period));

/**
 * Signed distance in pixels (negative inside) at (x, y) from the object's centre, in its own rotated axes.
 * The first five are shapes of one colour, the others textures.
 */
const distances = {
  disc: (x, y, { radius }) => Math.hypot(x, y) - 0.9 * radius,
  ring: (x, y, { radius }) => Math.abs(Math.hypot(x, y) - 0.78 * radius) - 0.2 * radius,
  square: (x, y, { radius }) => box(x, y, 0.8 * radius),
  triangle: (x, y, { radius }) => Math.max(y - 0.6 * radius, 0.866 * Math.abs(x) - 0.5 * y - 0.55 * radius),
  cross: (x, y, { radius }) =>
    Math.max(Math.min(Math.abs(x), Math.abs(y)) - 0.26 * radius, box(x, y, radius)),
  stripes: (x, y, pose) => Math.max(patch(x, y, pose), toMultiple(x, pose.period) - pose.period / 4),
  checkerboard: (x, y, pose) => {
    const half = pose.period / 2;
    const toLine = Math.min(toMultiple(x, half), toMultiple(y, half));
    const filled = (Math.floor(x / half) + Math.floor(y / half)) % 2 === 0;
    return Math.max(patch(x, y, pose), filled ? -toLine : toLine);
  },
  dots: (x, y, pose) =>
    Math.max(
      patch(x, y, pose),
      Math.hypot(toMultiple(x, pose.period), toMultiple(y, pose.period)) - 0.3 * pose.period,
    ),
} satisfies Record<string, (x: number, y: number, pose: Pose) => number>;

const classes = Object.keys(distances);
const distanceOf = Object.values(distances);

// One image's draws: parameters first, then a coarse grid of the background (of three channels, even where one is
// drawn), then a value for each byte.
const GRID = 5;
const GRID_DRAWS = 32;
const NOISE_DRAWS = GRID_DRAWS + 3 * GRID * GRID;

/** Colours differ by this much in at least two channels (or the only one), in steps of 1/255: below it some objects are invisible. */
const CONTRAST = 90;

/** Fills `alpha` with the object's coverage of each pixel, from 0 to 1; edges are one pixel wide. */
function cover(label: number, draws: Float32Array, { height, width }: ImageSize, alpha: Float32Array): void {
  const distance = distanceOf[label]!;
  const isTexture = label >= classes.indexOf('stripes');
  const unit = Math.min(height, width) / SIZE;
  const radius = unit * (10 + 3 * draws[0]!);
  const centreX = width / 2 + (width / 2 - radius) * (2 * draws[1]! - 1);
  const centreY = height / 2 + (height / 2 - radius) * (2 * draws[2]! - 1);
  const angle = (isTexture ? Math.PI : 0.5) * (draws[3]! - 0.5);
  const pose = { radius, period: unit * (5 + 2 * draws[4]!), round: draws[5]! < 0.5 };
  const cosine = Math.cos(angle);
  const sine = Math.sin(angle);
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      const dx = x + 0.5 - centreX;
      const dy = y + 0.5 - centreY;
      const inside = 0.5 - distance(cosine * dx + sine * dy, cosine * dy - sine * dx, pose);
      alpha[i] = Math.min(1, Math.max(0, inside));
    }
  }
}

/** The background at (x, y) of one channel, from −1 to 1: bilinear between the knots of a random grid. */
function texture(
  draws: Float32Array,
  channel: number,
  x: number,
  y: number,
  { height, width }: ImageSize,
): number {
  const across = x * ((GRID - 1) / width);
  const down = y * ((GRID - 1) / height);
  const column = Math.floor(across);
  const row = Math.floor(down);
  const fx = across - column;
  const fy = down - row;
  const at = GRID_DRAWS + (channel * GRID + row) * GRID + column;
  const top = draws[at]! * (1 - fx) + draws[at + 1]! * fx;
  const bottom = draws[at + GRID]! * (1 - fx) + draws[at + GRID + 1]! * fx;
  return 2 * (top * (1 - fy) + bottom * fy) - 1;
}

/** Cyclic labels keep every `limit` balanced to within one image a class. */
const labelOf = (index: number): number => index % classes.length;

function drawing(image: ImageSize): Draw {
  const { channels, height, width } = image;
  const area = height * width;
  const draws = new Float32Array(NOISE_DRAWS + channels * area + 1);
  const alpha = new Float32Array(area);
  return (seed, split, index, planes) => {
    fillUniform(draws, randomStream(seed, `shapes.${split}`, index), 0, 0, 1);
    cover(labelOf(index), draws, image, alpha);
    // Two channels are pushed apart; one, drawn at random, is free, so that no colour belongs to a class.
    const freeChannel = channels === 1 ? -1 : Math.floor(3 * draws[6]!);
    const noise = 6 + 14 * draws[7]!;
    const relief = 30 * draws[8]!;
    for (let channel = 0; channel < channels; channel++) {
      const back = 255 * draws[9 + channel]!;
      const free = 255 * draws[12 + channel]!;
      const apart = (back + CONTRAST + (255 - 2 * CONTRAST) * draws[12 + channel]!) % 255;
      const front = channel === freeChannel ? free : apart;
      for (let y = 0, i = 0; y < height; y++) {
        for (let x = 0; x < width; x++, i++) {
          const ground = back + relief * texture(draws, channel, x, y, image);
          const value = ground + (front - ground) * alpha[i]!;
          const grain = noise * (draws[NOISE_DRAWS + channel * area + i]! - 0.5);
          planes[channel * area + i] = Math.min(255, Math.max(0, Math.round(value + grain)));
        }
      }
    }
  };
}

/** Six thousand of the largest take 280 MiB. */
const LARGEST = 128;

const options = {
  size: Type.Optional(
    sizeOrPair(8, {
      maximum: LARGEST,
      default: SIZE,
      description: 'Height and width of the images in pixels: a number, or [height, width].',
    }),
  ),
  channels: Type.Optional(
    Type.Unsafe<1 | 3>({ type: 'integer', enum: [1, 3], default: 3, description: '3: colour; 1: grey.' }),
  ),
};

const imageOf = ({ size, channels }: { size: number | readonly [number, number]; channels: number }) => {
  const [height, width] = pair(size);
  return { channels, height, width };
};

/**
 * Drawn objects on random backgrounds: five shapes and three textures, of random colours, places and sizes.
 * It needs no download and is learnt within minutes, yet neither by colour nor by one pixel.
 */
export const shapes = defineGeneratedDataset({
  schema: generatedSchema(
    'shapes',
    'Shapes and textures drawn from the seed: 6,000 + 1,000 images, 32×32 RGB where size and channels say nothing else.',
    options,
  ),
  // For any seed, to two digits.
  statistics: { mean: [0.5, 0.5, 0.5], std: [0.28, 0.28, 0.28] },
  contents: (written) => ({ classes, image: imageOf(written), count: { train: 6000, test: 1000 } }),
  label: labelOf,
  draw: (written) => drawing(imageOf(written)),
});
