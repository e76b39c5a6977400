import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { gnet } from '../helpers/gnet.js';
import { temporaryDirectory } from '../helpers/temporary_directory.js';
import { tinyConfig } from '../helpers/tiny_config.js';

test('answers on stdout, errors on stderr, exit code 1 where there is one', async () => {
  const cwd = temporaryDirectory();
  writeFileSync(join(cwd, 'tiny.yaml'), tinyConfig());
  expect(await gnet(['run', 'tiny.yaml', '--run-dir', 'run'], { cwd })).toMatchObject({ code: 0 });
  const red = sharp({ create: { width: 50, height: 40, channels: 3, background: 'red' } });
  await red.toFile(join(cwd, 'red.jpg'));
  writeFileSync(join(cwd, 'broken.png'), 'no image');

  const good = await gnet(['predict', 'run', 'red.jpg', '--top-k', '2'], { cwd });
  expect(good.code).toBe(0);
  expect(good.stdout).toMatch(/^red\.jpg {2}\w+ +[\d.]+ % {2}\w+ +[\d.]+ %\n$/);

  const mixed = await gnet(['predict', 'run', 'broken.png', 'red.jpg'], { cwd });
  expect(mixed.code).toBe(1);
  expect(mixed.stdout).toMatch(/^red\.jpg( {2}\w+ +[\d.]+ %){5}\n$/);
  expect(mixed.stderr.trimEnd().split('\n').at(-1)).toBe(
    'broken.png: expected a PNG, JPEG, WebP, GIF, TIFF or AVIF image, got a file that begins with 6e6f2069',
  );

  const json = await gnet(['predict', 'run', '.', '--top-k', '1', '--json'], { cwd });
  expect(json.code).toBe(1);
  expect(JSON.parse(json.stdout)).toEqual({
    checkpoint: 'run/checkpoints/best',
    step: expect.any(Number),
    backend: 'onnxruntime-cpu',
    images: [
      { file: 'broken.png', error: expect.stringContaining('broken.png: expected a PNG') },
      {
        file: 'red.jpg',
        class: expect.any(String),
        predictions: [{ class: expect.any(String), probability: expect.any(Number) }],
      },
    ],
    others: expect.arrayContaining(['run/plan.json', 'tiny.yaml']),
  });
});

test.each([
  [
    ['.', 'a.png'],
    /^\.: expected a run directory or a checkpoint, got a directory without plan\.json and state\.json\n/,
  ],
  [['.'], /^IMAGES: expected .*, got nothing\n/],
  [['.', 'a.png', '--top-k', '0'], /^--top-k: expected an integer greater than or equal to 1, got 0\n/],
  [['.', 'a.png', '--topk', '1'], /^--topk: expected a flag of gnet predict/],
])('%j: exit code 2', async (args, message) => {
  const cwd = temporaryDirectory();
  const { code, stdout, stderr } = await gnet(['predict', ...args], { cwd });
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toMatch(message);
});
