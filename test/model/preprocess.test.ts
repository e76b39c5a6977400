import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { preprocess } from '../../src/model/preprocess.js';
import { customOperations, deviceOperators, onnxOperators } from '../../src/tracing/kernels/index.js';
import { expectAllClose } from '../helpers/all_close.js';
import { resized } from '../helpers/naive_resize.js';
import { toChannelsFirst } from '../helpers/plain.js';
import { runPython, whyNoPython } from '../helpers/python.js';
import { TestRandom } from '../helpers/random.js';
import { type Input, runners, traceFunction } from '../helpers/runners.js';
import { eagerBackends } from '../helpers/tensorflow.js';

/** Leaves pixels as they are. */
const PLAIN = { mean: [0, 0, 0], std: [1 / 255, 1 / 255, 1 / 255] };
const IMAGENET = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };

const pixels = (shape: readonly number[], seed = 50): Input => ({
  ...new TestRandom(seed).integers(shape, 0, 255),
  type: 'uint8',
});

function run(name: keyof typeof runners, images: Input, resize: number | null, normalize = PLAIN) {
  const [, channels, height, width] = images.shape as [number, number, number, number];
  return runners[name](
    ([x]) => preprocess(tf, x!, { resize, normalize }, { channels, height, width }),
    [images],
  );
}

describe.each([...eagerBackends, 'traced', 'custom'] as const)('on %s', (name) => {
  it('scales to 0…1, normalizes each channel, and puts channels last', async () => {
    const images: Input = { shape: [1, 3, 1, 2], values: [0, 255, 51, 102, 255, 128], type: 'uint8' };
    const [result] = await run(name, images, null, IMAGENET);
    expect(result!.shape).toEqual([1, 1, 2, 3]);
    expectAllClose(result!.values, [
      -0.485 / 0.229,
      (0.2 - 0.456) / 0.224,
      (1 - 0.406) / 0.225,
      (1 - 0.485) / 0.229,
      (0.4 - 0.456) / 0.224,
      (128 / 255 - 0.406) / 0.225,
    ]);
  });

  it('doubles an image, in whole pixel values', async () => {
    // Each channel 2 × 2; across first, each pass rounded: 10 · 0.75 + 21 · 0.25 = 12.75 is 13.
    const channel = [10, 21, 100, 201];
    const images: Input = {
      shape: [1, 3, 2, 2],
      values: [...channel, ...channel, ...channel],
      type: 'uint8',
    };
    const [result] = await run(name, images, 4);
    // Down: 13 · 0.75 + 125 · 0.25 = 41; 18 · 0.75 + 176 · 0.25 = 57.5 is 58.
    const expected = [
      [10, 13, 18, 21],
      [33, 41, 58, 66],
      [78, 97, 137, 156],
      [100, 125, 176, 201],
    ];
    expectAllClose(
      result!.values,
      expected.flat().flatMap((value) => [value, value, value]),
      { absolute: 1e-3 },
    );
  });

  it.each([
    [6, 6, 9],
    [6, 7, 20],
    [20, 17, 9],
    [9, 30, 10],
  ])('resizes %d × %d to %d, to the pixel', async (height, width, size) => {
    const images = pixels([2, 3, height, width]);
    const [result] = await run(name, images, size);
    expect(result!.shape).toEqual([2, size, size, 3]);
    const actual = toChannelsFirst(result!);
    expectAllClose(actual.values, resized(images, size, size).values, { absolute: 1e-3 });
  });

  it('keeps an image that has the size already', async () => {
    const images = pixels([2, 3, 8, 8]);
    const [same] = await run(name, images, 8);
    const [untouched] = await run(name, images, null);
    expect(same).toEqual(untouched);
  });
});

describe('the custom operation', () => {
  it.each([
    [32, 32, 224],
    [32, 32, 33],
    [20, 17, 9],
    [9, 30, 10],
    [1, 5, 4],
    [8, 5, 8],
  ])('gives the bits of the definition, %d × %d to %d', async (height, width, size) => {
    const images = pixels([2, 3, height, width], size);
    const [definition] = await run('cpu', images, size, IMAGENET);
    const [result] = await run('custom', images, size, IMAGENET);
    expect(result!.shape).toEqual(definition!.shape);
    expectAllClose(result!.values, definition!.values, { absolute: 0, relative: 0 });
  });

  it('computes where something is resized, and only there', async () => {
    const operations = async (resize: number | null, target = onnxOperators) => {
      const images = pixels([1, 3, 6, 6]);
      const image = { channels: 3, height: 6, width: 6 };
      const trace = await traceFunction(
        ([x]) => preprocess(tf, x!, { resize, normalize: PLAIN }, image),
        [images],
        target,
      );
      return trace.graph
        .finish()
        .nodes.filter(({ custom }) => custom)
        .map(({ op }) => op);
    };
    expect(await operations(9, customOperations)).toEqual(['ResizeAndNormalize']);
    expect(await operations(null, customOperations)).toEqual([]);
    expect(await operations(6, customOperations)).toEqual([]);
    expect(await operations(9, deviceOperators)).toEqual([]);
    expect(await operations(9)).toEqual([]);
  });
});

describe.each(['traced', 'custom'] as const)('Pillow, and ours %s', (name) => {
  it.for([
    [32, 32, 64],
    [32, 32, 224],
    [32, 32, 48],
    [32, 32, 96],
    [32, 32, 24],
    [32, 32, 8],
    [20, 32, 33],
    [32, 7, 32],
  ] as const)(
    'resizes %d × %d to %d in the same way, to the pixel',
    async ([height, width, size], { skip }) => {
      const why = whyNoPython('PIL');
      if (why) skip(why);
      const images = pixels([1, 3, height, width], size);
      const script = `
import base64, json, sys
from PIL import Image
height, width, size, planes = json.loads(sys.argv[1])
resized = [Image.frombytes('L', (width, height), bytes(p)).resize((size, size), Image.BILINEAR) for p in planes]
print(json.dumps(base64.b64encode(b''.join(p.tobytes() for p in resized)).decode()))`;
      const plane = height * width;
      const planes = Array.from({ length: 3 }, (_, index) =>
        Array.from(images.values).slice(index * plane, (index + 1) * plane),
      );
      const expected = Buffer.from(
        runPython(script, JSON.stringify([height, width, size, planes])) as string,
        'base64',
      );
      const [result] = await run(name, images, size);
      const ours = Array.from(toChannelsFirst(result!).values, Math.round);
      const off = ours.filter((value, index) => value !== expected[index]).length;
      expect(`${off} of ${ours.length} differ`).toBe(`0 of ${expected.length} differ`);
    },
  );
});
