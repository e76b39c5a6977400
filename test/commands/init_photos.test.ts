import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { gnet } from '../helpers/gnet.js';
import { writePhotos } from '../helpers/photos.js';
import { temporaryDirectory } from '../helpers/temporary_directory.js';

test('gnet init photos/ writes a config that trains; gnet run photos/ leaves it in the run', async () => {
  const cwd = temporaryDirectory();
  await writePhotos(join(cwd, 'photos'), ['ant', 'bee'], 12);
  const written = await gnet(['init', 'photos/'], { cwd });
  expect(written.code).toBe(0);
  expect(written.stdout).toMatch(
    /^photos\.yaml: resnet18-cifar10 on image_folder, .*\n {2}photos\/: 24 images/,
  );
  expect(written.stdout).toMatch(
    /Look at the images: .* data photos\.yaml\nTrain it with: .* run photos\.yaml\n/,
  );
  const config = readFileSync(join(cwd, 'photos.yaml'), 'utf8');
  const again = await gnet(['init', 'photos'], { cwd });
  expect([again.code, again.stderr]).toEqual([
    2,
    expect.stringMatching(/^photos\.yaml: expected a new file/),
  ]);
  expect(readFileSync(join(cwd, 'photos.yaml'), 'utf8')).toBe(config);

  const short = ['--set', 'training.epochs=1', '--threads', '1'];
  const first = await gnet(['run', 'photos/', ...short, '--json'], { cwd, strike: 'SIGINT run 1' });
  expect(first.code).toBe(130);
  const [name] = readdirSync(join(cwd, 'runs'));
  expect(first.stderr).toContain(
    `run runs/${name}/config.yaml --set training.epochs=1 --run-dir runs/${name} --resume`,
  );
  const kept = readFileSync(join(cwd, 'runs', name!, 'config.yaml'), 'utf8');
  const values = (text: string) => text.replace(/#.*/g, '');
  expect(values(kept)).toBe(values(config));
  // Other images, which would give other channels: the run's own config counts.
  await writePhotos(join(cwd, 'photos'), ['ant', 'bee'], 14);
  const resumed = await gnet(['run', 'photos/', ...short, '--resume', '--json'], { cwd });
  expect(resumed.code).toBe(0);
  expect(JSON.parse(resumed.stdout)).toMatchObject({
    name: 'photos',
    run_directory: `runs/${name}`,
    epochs: 1,
  });
});

test.each([
  [['photos', '--dataset', 'shapes'], /^--dataset: expected none beside photos, for whose images/],
  [['photos', 'own'], /^own: expected the name of a file that ends in \.yaml/],
  [
    ['a.yaml', 'b.yaml'],
    /^b\.yaml: expected images before it that the config is for, got a\.yaml, which is neither/,
  ],
  [['--init', 'w.pth'], /^--init: expected images before it that the config is for, got none/],
])('gnet init %j: exit code 2, and no file', async (args, message) => {
  const cwd = temporaryDirectory();
  await writePhotos(join(cwd, 'photos'), ['ant', 'bee'], 2);
  const { code, stderr } = await gnet(['init', ...args], { cwd });
  expect(code).toBe(2);
  expect(stderr).toMatch(message);
  expect(readdirSync(cwd)).toEqual(['photos']);
  expect(existsSync(join(cwd, 'runs'))).toBe(false);
});
