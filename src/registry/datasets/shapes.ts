import { fillUniform, randomStream } from '../../random.js';
import { defineGeneratedDataset, type Split } from './dataset.js';
import { generatedSchema } from './options.js';

const SIZE = 32;
const PIXELS = SIZE * SIZE;

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

// One image's draws: parameters first, then a coarse grid of the background, then a value for each byte.
const GRID = 5;
const GRID_DRAWS = 32;
const NOISE_DRAWS = GRID_DRAWS + 3 * GRID * GRID;
const DRAWS = NOISE_DRAWS + 3 * PIXELS + 1;
const draws = new Float32Array(DRAWS);
const alpha = new Float32Array(PIXELS);

/** Colours differ by this much in at least two channels, in steps of 1/255: below it some objects are invisible. */
const CONTRAST = 90;

/** Fills `alpha` with the object's coverage of each pixel, from 0 to 1; edges are one pixel wide. */
function cover(label: number): void {
  const distance = distanceOf[label]!;
  const isTexture = label >= classes.indexOf('stripes');
  const radius = 10 + 3 * draws[0]!;
  const room = SIZE / 2 - radius;
  const centreX = SIZE / 2 + room * (2 * draws[1]! - 1);
  const centreY = SIZE / 2 + room * (2 * draws[2]! - 1);
  const angle = (isTexture ? Math.PI : 0.5) * (draws[3]! - 0.5);
  const pose = { radius, period: 5 + 2 * draws[4]!, round: draws[5]! < 0.5 };
  const cosine = Math.cos(angle);
  const sine = Math.sin(angle);
  for (let y = 0, i = 0; y < SIZE; y++) {
    for (let x = 0; x < SIZE; x++, i++) {
      const dx = x + 0.5 - centreX;
      const dy = y + 0.5 - centreY;
      const inside = 0.5 - distance(cosine * dx + sine * dy, cosine * dy - sine * dx, pose);
      alpha[i] = Math.min(1, Math.max(0, inside));
    }
  }
}

/** The background at (x, y) of one channel, from −1 to 1: bilinear between the knots of a random grid. */
function texture(channel: number, x: number, y: number): number {
  const scale = (GRID - 1) / SIZE;
  const column = Math.floor(x * scale);
  const row = Math.floor(y * scale);
  const fx = x * scale - column;
  const fy = y * scale - row;
  const at = GRID_DRAWS + (channel * GRID + row) * GRID + column;
  const top = draws[at]! * (1 - fx) + draws[at + 1]! * fx;
  const bottom = draws[at + GRID]! * (1 - fx) + draws[at + GRID + 1]! * fx;
  return 2 * (top * (1 - fy) + bottom * fy) - 1;
}

function draw(seed: number, split: Split, index: number, planes: Uint8Array): number {
  fillUniform(draws, randomStream(seed, `shapes.${split}`, index), 0, 0, 1);
  // Cyclic labels keep every `limit` balanced to within one image a class.
  const label = index % classes.length;
  cover(label);
  // Two channels are pushed apart; one, drawn at random, is free, so that no colour belongs to a class.
  const freeChannel = Math.floor(3 * draws[6]!);
  const noise = 6 + 14 * draws[7]!;
  const relief = 30 * draws[8]!;
  for (let channel = 0; channel < 3; channel++) {
    const back = 255 * draws[9 + channel]!;
    const free = 255 * draws[12 + channel]!;
    const apart = (back + CONTRAST + (255 - 2 * CONTRAST) * draws[12 + channel]!) % 255;
    const front = channel === freeChannel ? free : apart;
    for (let y = 0, i = 0; y < SIZE; y++) {
      for (let x = 0; x < SIZE; x++, i++) {
        const ground = back + relief * texture(channel, x, y);
        const value = ground + (front - ground) * alpha[i]!;
        const grain = noise * (draws[NOISE_DRAWS + channel * PIXELS + i]! - 0.5);
        planes[channel * PIXELS + i] = Math.min(255, Math.max(0, Math.round(value + grain)));
      }
    }
  }
  return label;
}

/**
 * Drawn objects on random backgrounds, 32×32 RGB: five shapes and three textures, of random colours, places and sizes.
 * It needs no download and is learnt within minutes, yet neither by colour nor by one pixel.
 */
export const shapes = defineGeneratedDataset({
  schema: generatedSchema(
    'shapes',
    'Shapes and textures drawn from the seed: 6,000 + 1,000 images, 32×32 RGB.',
  ),
  image: { channels: 3, height: SIZE, width: SIZE },
  classes,
  // For any seed, to two digits.
  statistics: { mean: [0.5, 0.5, 0.5], std: [0.28, 0.28, 0.28] },
  counts: { train: 6000, test: 1000 },
  draw,
});
