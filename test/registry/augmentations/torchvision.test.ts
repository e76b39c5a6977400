import { beforeAll, expect, it } from 'vitest';
import { adjustHue, toGrey } from '../../../src/pixels/colors.js';
import { rotate } from '../../../src/pixels/rotate.js';
import { randomStream } from '../../../src/random.js';
import { type AugmentContext, recordDraws } from '../../../src/registry/augmentations/augmentation.js';
import { color_jitter, jitter } from '../../../src/registry/augmentations/color_jitter.js';
import { gaussian_blur } from '../../../src/registry/augmentations/gaussian_blur.js';
import {
  DRAWN,
  magnitudeOf,
  OPERATIONS,
  type Operation,
  USUAL,
  WIDE,
} from '../../../src/registry/augmentations/operations.js';
import { POLICIES } from '../../../src/registry/augmentations/policies.js';
import { drawnOperations, rand_augment } from '../../../src/registry/augmentations/rand_augment.js';
import { affineChange, random_affine } from '../../../src/registry/augmentations/random_affine.js';
import { random_crop } from '../../../src/registry/augmentations/random_crop.js';
import { erasedBox, random_erasing } from '../../../src/registry/augmentations/random_erasing.js';
import { cropBox, random_resized_crop } from '../../../src/registry/augmentations/random_resized_crop.js';
import type { ImageSize } from '../../../src/registry/datasets/facts.js';
import { askPython, whyNoPython } from '../../helpers/python.js';
import { TestRandom } from '../../helpers/random.js';

/** What torchvision.transforms.v2 makes of `image` is Python's to say, by `call` with `p`. */
interface Case {
  readonly name: string;
  readonly size: ImageSize;
  readonly image: readonly number[];
  readonly ours: readonly number[];
  readonly call: string;
  readonly p: unknown;
  /** Levels that a pixel may be off by. */
  readonly near: number;
  /** Share of pixels that may be anything: nearest neighbours at ties of float32. */
  readonly ties: number;
}

const COLOR: ImageSize = { channels: 3, height: 13, width: 17 };
const SQUARE: ImageSize = { channels: 3, height: 16, width: 16 };
const GREY: ImageSize = { channels: 1, height: 15, width: 11 };
const stream = randomStream(5, 'test', 2);
const context: AugmentContext = { epoch: 2, first: randomStream(5, 'test', 0), mean: [120, 110, 100] };
const random = new TestRandom(8);
const cases: Case[] = [];

/** Values between bounds of their own, so that contrasts have something to stretch; smooth enough for hues. */
function imageOf({ channels, height, width }: ImageSize): Uint8Array {
  const numbers = random.tensor([channels, height, width]).values;
  return Uint8Array.from(numbers, (value) => Math.min(230, Math.max(12, 120 + 55 * value)));
}

function add(
  name: string,
  size: ImageSize,
  change: (images: Uint8Array, offset: number) => void,
  call: string,
  p: unknown,
  { near = 0, ties = 0 } = {},
) {
  const image = imageOf(size);
  // One byte on each side shows a store outside the image.
  const images = Uint8Array.from([99, ...image, 99]);
  change(images, 1);
  expect([images[0], images.at(-1)], name).toEqual([99, 99]);
  cases.push({ name, size, image: [...image], ours: [...images.slice(1, -1)], call, p, near, ties });
}

/** Blends of float32 may fall to either side of a whole number. */
const nearOf = (operation: Operation) =>
  ['Color', 'Contrast', 'Sharpness', 'AutoContrast'].includes(operation) ? 1 : 0;

for (const size of [COLOR, SQUARE, GREY]) {
  const label = `${size.channels} × ${size.height} × ${size.width}`;
  for (const interpolation of ['nearest', 'bilinear'] as const) {
    const bilinear = interpolation === 'bilinear';
    const tolerance = { near: bilinear ? 1 : 0, ties: bilinear ? 0 : 0.01 };
    for (const fill of [null, 0, 77]) {
      const ranges = { degrees: 40, translate: [0.3, 0.2], scale: [0.6, 1.5], shear: [20, 10] } as const;
      const options = { type: 'random_affine' as const, ...ranges, interpolation, fill };
      const apply = random_affine.prepare(
        {
          ...options,
          translate: [...ranges.translate],
          scale: [...ranges.scale],
          shear: [...ranges.shear],
        },
        size,
        stream,
        context,
      );
      for (const record of [0, 1, 2]) {
        const change = affineChange(ranges, size, recordDraws(stream, record, 6));
        const call = `F.affine(x, p['angle'], p['translate'], p['scale'], p['shear'], interpolation='${interpolation}', fill=p['fill'])`;
        const run = (images: Uint8Array, offset: number) => apply(images, offset, record);
        add(`affine ${label} ${interpolation} ${fill}`, size, run, call, { ...change, fill }, tolerance);
      }
      for (const angle of [0, 90, 180, -90, 37, 200]) {
        const run = (images: Uint8Array, offset: number) =>
          rotate(images, offset, size, angle, interpolation, fill);
        const call = `F.rotate(x, p[0], interpolation='${interpolation}', fill=p[1])`;
        // Quarter turns of what is not square meet pixels at their edges.
        const quarter = angle % 180 !== 0 && angle % 90 === 0 && size.height !== size.width;
        if (quarter && !bilinear) continue;
        add(`rotate ${angle} ${label} ${interpolation} ${fill}`, size, run, call, [angle, fill], tolerance);
      }
    }
  }
  for (const operation of [...DRAWN, 'Invert'] as const) {
    for (const [strengths, bin, negative] of [
      [USUAL, 9, false],
      [USUAL, 23, true],
      [WIDE, 30, true],
      [WIDE, 17, false],
    ] as const) {
      const magnitude = magnitudeOf(operation, strengths, { bins: 31, bin, negative }, size);
      const geometric = /Shear|Rotate/.test(operation);
      add(
        `${operation} ${magnitude} ${label}`,
        size,
        (images, offset) =>
          OPERATIONS[operation]({ images, offset, size, interpolation: 'nearest', fill: null }, magnitude),
        `op(x, '${operation}', p)`,
        magnitude,
        // Of a square turned by 135°, whole diagonals are ties.
        { near: nearOf(operation), ties: geometric ? 0.04 : 0 },
      );
    }
  }
  for (const factor of [-0.5, -0.1, 0.03, 0.37])
    add(
      `hue ${factor} ${label}`,
      size,
      (images, offset) => adjustHue(images, offset, size, factor),
      'F.adjust_hue(x, p)',
      factor,
      { near: 1 },
    );
  add(
    `grey ${label}`,
    size,
    (images, offset) => toGrey(images, offset, size),
    'F.rgb_to_grayscale(x, x.shape[0])',
    null,
  );
  for (const record of [0, 1, 2, 3]) {
    const crop = cropBox([0.08, 1], [0.75, 4 / 3], size, recordDraws(stream, record, 40));
    const resized = { type: 'random_resized_crop' as const, scale: [0.08, 1], ratio: [0.75, 4 / 3] };
    add(
      `random_resized_crop ${label}`,
      size,
      (images, offset) => random_resized_crop.prepare(resized, size, stream, context)(images, offset, record),
      `F.resized_crop(x, **p, size=x.shape[-2:], antialias=True)`,
      crop,
      { near: 1 },
    );
    const blur = { type: 'gaussian_blur' as const, kernel_size: 5, sigma: [0.3, 2], probability: 1 };
    add(
      `gaussian_blur ${label}`,
      size,
      (images, offset) => gaussian_blur.prepare(blur, size, stream, context)(images, offset, record),
      'F.gaussian_blur(x, [5, 5], [p, p])',
      recordDraws(stream, record, 2).between(1, 0.3, 2),
      { near: 1 },
    );
    const shift = [stream.integer(2 * record, 7), stream.integer(2 * record + 1, 7)];
    const reflect = { type: 'random_crop' as const, padding: 3, padding_mode: 'reflect' as const };
    add(
      `random_crop reflect ${label}`,
      size,
      (images, offset) => random_crop.prepare(reflect, size, stream, context)(images, offset, record),
      `F.crop(F.pad(x, [3], padding_mode='reflect'), p[0], p[1], x.shape[1], x.shape[2])`,
      shift,
    );
    const erasing = {
      type: 'random_erasing' as const,
      probability: 1,
      scale: [0.02, 0.33],
      ratio: [0.3, 3.3],
    };
    const box = erasedBox([0.02, 0.33], [0.3, 3.3], size, recordDraws(stream, record, 41))!;
    add(
      `random_erasing ${label}`,
      size,
      (images, offset) =>
        random_erasing.prepare({ ...erasing, value: 'mean' }, size, stream, context)(images, offset, record),
      `F.erase(x, p['top'], p['left'], p['height'], p['width'], torch.tensor(p['mean'][:x.shape[0]], dtype=torch.uint8)[:, None, None])`,
      { ...box, mean: context.mean },
    );
    const ra = { num_ops: 3, magnitude: 14, num_magnitude_bins: 31 };
    add(
      `rand_augment ${label}`,
      size,
      (images, offset) =>
        rand_augment.prepare(
          { type: 'rand_augment', ...ra, interpolation: 'bilinear', fill: 90 },
          size,
          stream,
          context,
        )(images, offset, record),
      `ops(x, p)`,
      drawnOperations(ra, size, recordDraws(stream, record, 6)),
      // What follows may enlarge a level that an operation was off by.
      { near: 3 },
    );
    const amounts = { brightness: 0.4, contrast: 0.4, saturation: 0.4, hue: 0.1 };
    add(
      `color_jitter ${label}`,
      size,
      (images, offset) =>
        color_jitter.prepare(
          { type: 'color_jitter', ...amounts },
          size,
          stream,
          context,
        )(images, offset, record),
      `jitter(x, p)`,
      jitter(amounts, recordDraws(stream, record, 8)),
      { near: 3 },
    );
  }
}

const SCRIPT = `
import json, sys, torch
from torchvision.transforms import v2
F = v2.functional
auto, trivial, rand = v2.AutoAugment(), v2.TrivialAugmentWide(), v2.RandAugment()
def op(x, name, magnitude, interpolation='nearest', fill=None):
    return auto._apply_image_or_video_transform(x, name, magnitude, interpolation, v2._utils._setup_fill_arg(fill))
def ops(x, drawn):
    for name, magnitude in drawn: x = op(x, name, magnitude, 'bilinear', 90)
    return x
adjust = [F.adjust_brightness, F.adjust_contrast, F.adjust_saturation, F.adjust_hue]
def jitter(x, changes):
    for change in changes: x = adjust[change['which']](x, change['by'])
    return x
def run(case):
    size = case['size']
    x = torch.tensor(case['image'], dtype=torch.uint8).reshape(size['channels'], size['height'], size['width'])
    return eval(case['call'], globals(), {'x': x, 'p': case['p']}).flatten().tolist()
def magnitudes(space, bins, height, width):
    tables = {name: make(bins, height, width) for name, (make, _) in space.items()}
    return {name: None if table is None else [float(v) for v in table] for name, table in tables.items()}
spaces = {'usual': rand._AUGMENTATION_SPACE, 'wide': trivial._AUGMENTATION_SPACE}
fallback = lambda ratio, h, w: v2.RandomResizedCrop((h, w), scale=(1, 1), ratio=ratio).make_params([torch.zeros(3, h, w)])
print(json.dumps({
    'results': [run(case) for case in json.load(sys.stdin)],
    'magnitudes': {f'{name} {bins}': magnitudes(space, bins, 13, 17) for name, space in spaces.items() for bins in (10, 31)},
    'policies': {p.value: v2.AutoAugment(p)._policies for p in (v2.AutoAugmentPolicy.CIFAR10, v2.AutoAugmentPolicy.IMAGENET)},
    'fallback': [fallback((2, 3), 20, 30), fallback((2, 3), 30, 20), fallback((0.2, 0.3), 20, 30)],
}))`;

let answer: {
  results: number[][];
  magnitudes: Record<string, Record<string, number[] | null>>;
  policies: Record<string, [Operation, number, number | null][][]>;
  fallback: object[];
};
const why = whyNoPython('torch', 'torchvision');
beforeAll(() => {
  if (!why) answer = askPython(SCRIPT, cases) as typeof answer;
}, 300_000);

it('images come out as torchvision makes them with the same draws', ({ skip }) => {
  if (why) skip(why);
  expect(cases.length).toBeGreaterThan(400);
  for (const [index, { name, ours, near, ties }] of cases.entries()) {
    const theirs = answer.results[index]!;
    expect(theirs).toHaveLength(ours.length);
    const off = ours.filter((value, i) => Math.abs(value - theirs[i]!) > near).length;
    expect(off / ours.length, name).toBeLessThanOrEqual(ties);
  }
});

it('magnitudes and policies are those of torchvision', ({ skip }) => {
  if (why) skip(why);
  for (const [label, table] of Object.entries(answer.magnitudes)) {
    const [strengths, bins] = [label.startsWith('usual') ? USUAL : WIDE, Number(label.split(' ')[1])];
    expect(Object.keys(table)).toEqual([...DRAWN]);
    for (const [operation, values] of Object.entries(table)) {
      for (const [bin, value] of (values ?? [0]).entries()) {
        const strength = { bins, bin, negative: false };
        expect(magnitudeOf(operation as Operation, strengths, strength, COLOR), `${operation} ${bin}`).toBe(
          value,
        );
      }
    }
  }
  const named = Object.fromEntries(
    Object.entries(answer.policies).map(([policy, pairs]) => [
      policy,
      pairs.map((pair) => pair.map(([operation, probability, bin]) => [operation, probability, bin ?? 0])),
    ]),
  );
  expect(POLICIES).toEqual(named);
});

it('where no box fits in ten tries, the crop is that of torchvision', ({ skip }) => {
  if (why) skip(why);
  const draws = recordDraws(stream, 0, 40);
  expect([
    cropBox([1, 1], [2, 3], { height: 20, width: 30 }, draws),
    cropBox([1, 1], [2, 3], { height: 30, width: 20 }, draws),
    cropBox([1, 1], [0.2, 0.3], { height: 20, width: 30 }, draws),
  ]).toEqual(answer.fallback);
});
