import { copyFileSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { beforeEach, describe, expect, it } from 'vitest';
import { planFromResolved } from '../../src/config/load_plan.js';
import type { Plan } from '../../src/config/resolve.js';
import { openSplits } from '../../src/data/open.js';
import { type PreparedImages, prepareImages } from '../../src/data/prepare_images.js';
import { resizePixels } from '../../src/data/resize_pixels.js';
import { writeRunImages } from '../../src/data/run_images.js';
import { Interrupted } from '../../src/errors.js';
import { writePhotos } from '../helpers/photos.js';
import { temporaryDirectory } from '../helpers/temporary_directory.js';

let root: string;
let lines: string[];
beforeEach(async () => {
  root = temporaryDirectory();
  lines = [];
  await writePhotos(root, ['cat', 'dog'], 10);
});

function planOf(options: { root?: string | undefined; [key: string]: unknown } = {}): Plan {
  const model = { layers: [{ type: 'flatten' }, { type: 'linear', name: 'fc', units: 'num_classes' }] };
  const { root: folder, ...own } = { type: 'image_folder', root, test: 0.2, ...options };
  const dataset = folder === undefined ? own : { root: folder, ...own };
  const rest = { optimizer: { type: 'sgd', learning_rate: 0.1 }, training: { epochs: 1, batch_size: 4 } };
  return planFromResolved({ name: 'own', seed: 1, dataset, input: { resize: 8 }, model, ...rest }, 'config');
}

function prepare(plan: Plan, signal = new AbortController().signal): Promise<PreparedImages> {
  return prepareImages(plan, { progress: () => {}, line: (text) => lines.push(text) }, signal);
}

/** Opens the splits as the run that began with them does. */
async function openRun(plan: Plan) {
  const prepared = await prepare(plan);
  const file = join(temporaryDirectory(), 'images.jsonl');
  await writeRunImages(file, prepared.lines);
  return { file, prepared, open: () => openSplits(prepared.plan, { file, log: (text) => lines.push(text) }) };
}

async function message(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'no error',
    (error: Error) => error.message,
  );
}

describe('a split', () => {
  it('reads its images, decoded and resized, as often as wanted', async () => {
    const plan = planOf();
    const { prepared, open } = await openRun(plan);
    const { train, test } = await open();
    expect([train.count, test.count]).toEqual([14, 4]);
    expect([...test.labels]).toEqual([0, 0, 1, 1]);
    const { path } = prepared.lines.find(({ split }) => split === 'test')!;
    const { data, info } = await sharp(join(root, path)).raw().toBuffer({ resolveWithObject: true });
    const resized = resizePixels(data, 3, info, { height: 8, width: 8 });
    const planes = [0, 1, 2].flatMap((channel) => [...resized].filter((_, i) => i % 3 === channel));
    const first = await test.read(Uint32Array.of(0, 0));
    expect([...first]).toEqual([...planes, ...planes]);
    // What is read belongs to the caller.
    first.fill(0);
    expect([...(await test.read(Uint32Array.of(0)))]).toEqual(planes);
  });

  it('is the same without images.jsonl, and after other images have come', async () => {
    const plan = planOf();
    const { open } = await openRun(plan);
    const before = await openSplits(plan);
    const read = ({ test }: typeof before) => test.read(Uint32Array.of(0, 1, 2, 3));
    const images = await read(before);
    expect(await read(await open())).toEqual(images);
    copyFileSync(join(root, 'cat/1.jpg'), join(root, 'cat/0.jpg'));
    expect(await read(await open())).toEqual(images);
    expect(await message(openSplits(plan))).toMatch(/^data set image_folder: expected 14 train images/);
  });
});

describe('files that are not what they were', () => {
  it('vanished ones are told', async () => {
    const { open } = await openRun(planOf());
    rmSync(join(root, 'cat/3.jpg'));
    expect(await message(open())).toBe(
      `expected the images that the run began with, got 1 less: ${join(root, 'cat/3.jpg')}`,
    );
  });

  it('changed ones are told, copied ones are the same', async () => {
    const { open } = await openRun(planOf());
    utimesSync(join(root, 'dog/4.png'), 1, 1);
    await open();
    expect(lines).toEqual([]);
    const bytes = readFileSync(join(root, 'dog/4.png'));
    bytes[bytes.length - 1]! ^= 1;
    writeFileSync(join(root, 'dog/4.png'), bytes);
    await open();
    expect(lines.join()).toMatch(/^1 images have changed since the run began.*dog\/4\.png$/);
  });

  it('one that is replaced while it is open is an error', async () => {
    const { prepared, open } = await openRun(planOf());
    const { train } = await open();
    const path = join(root, prepared.lines.find(({ split }) => split === 'train')!.path);
    copyFileSync(join(root, 'dog/9.jpg'), path);
    utimesSync(path, 1, 1);
    expect(await message(train.read(Uint32Array.of(0)))).toBe(
      `${path}: expected the file as it was when the images were listed, got another`,
    );
  });

  it('a damaged images.jsonl is refused', async () => {
    const { file, open } = await openRun(planOf());
    writeFileSync(file, '{"split":"train","path":"a\\u0000b"}\n');
    expect(await message(open())).toMatch(/images\.jsonl:1: /);
  });
});

describe('images that cannot be read', () => {
  const spoil = () => {
    writeFileSync(join(root, 'cat/1.jpg'), 'no image');
    writeFileSync(join(root, 'cat/2.png'), '');
    const whole = readFileSync(join(root, 'dog/3.jpg'));
    writeFileSync(join(root, 'dog/3.jpg'), whole.subarray(0, whole.length - 60));
  };

  it('end a run before it begins, all that their header tells at once', async () => {
    spoil();
    const text = await message(prepare(planOf()));
    expect(text.split('\n')).toHaveLength(2);
    expect(text).toMatch(
      /cat\/1\.jpg: expected a PNG.*got a file that begins with 6e6f2069\n.*2\.png: .*an empty file$/,
    );
  });

  it('are left out and listed, and the plan counts the others', async () => {
    spoil();
    const { plan, unreadable, lines: kept } = await prepare(planOf({ unreadable: 'skip' }));
    expect(unreadable.map(({ path }) => path)).toEqual(['cat/1.jpg', 'cat/2.png', 'dog/3.jpg']);
    expect(unreadable[2]!.error).toMatch(/dog\/3\.jpg: damaged JPEG image: /);
    const { train, validation, test } = plan.dataset.count;
    expect([train + validation + test, kept.length]).toEqual([17, 17]);
    expect(plan.horizon.stepsPerEpoch).toBe(Math.ceil(train / 4));
  });

  it('are an error where nothing of a class is left', async () => {
    for (let i = 0; i < 10; i++) writeFileSync(join(root, `cat/${i}.${i % 2 === 0 ? 'png' : 'jpg'}`), '');
    expect(await message(prepare(planOf({ unreadable: 'skip' })))).toMatch(/got no training images of cat/);
  });

  it('are all read to no end where the user wants to stop', async () => {
    await expect(prepare(planOf(), AbortSignal.abort())).rejects.toThrow(Interrupted);
  });
});

describe('the same image in two splits', () => {
  it('is told, or an error', async () => {
    const { lines: all } = await prepare(planOf());
    const [train, test] = ['train', 'test'].map((split) => all.find((line) => line.split === split)!.path);
    copyFileSync(join(root, train!), join(root, test!));
    await prepare(planOf());
    expect(lines).toEqual([
      `1 images are in two splits with the same content: ${train} (train) = ${test} (test)`,
    ]);
    expect(await message(prepare(planOf({ duplicates: 'error' })))).toMatch(
      /^expected splits without common images: 1 /,
    );
  });
});

it('a list of files keeps groups together, and may name files anywhere', async () => {
  const names = ['cat', 'dog'].flatMap((name) =>
    Array.from({ length: 10 }, (_, i) => `${name}/${i}.${i % 2 === 0 ? 'png' : 'jpg'}`),
  );
  const file = join(temporaryDirectory(), 'photos.csv');
  const rows = names.map((name, i) => `${join(root, name)},${name.slice(0, 3)},group ${Math.floor(i / 2)}`);
  writeFileSync(file, ['path,label,group', ...rows].join('\n'));
  const plan = planOf({ type: 'manifest', root: undefined, file });
  const { prepared, open } = await openRun(plan);
  const splits = new Map<string, Set<string>>();
  for (const { group, split } of prepared.lines) {
    splits.set(group!, new Set([...(splits.get(group!) ?? []), split]));
  }
  expect([splits.size, ...[...splits.values()].map(({ size }) => size)]).toEqual([10, ...Array(10).fill(1)]);
  const { train, validation, test } = await open();
  expect([train.count + validation.count + test.count, test.count]).toEqual([20, 4]);
  expect(await test.read(Uint32Array.of(0, 1, 2, 3))).toHaveLength(4 * 3 * 64);
});
