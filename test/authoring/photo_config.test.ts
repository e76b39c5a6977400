import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { photoPlace } from '../../src/authoring/look_at_photos.js';
import { photoConfig } from '../../src/authoring/photo_config.js';
import { loadPlan } from '../../src/config/load_plan.js';
import { initialState, stateDict } from '../../src/model/state.js';
import { readInitial } from '../../src/pipeline/initial_weights.js';
import { encodeSafetensors } from '../../src/storage/safetensors.js';
import { writePhoto, writePhotos } from '../helpers/photos.js';
import { TestRandom } from '../helpers/random.js';
import { temporaryDirectory } from '../helpers/temporary_directory.js';

const where = (directory: string) => ({ name: 'x', file: join(directory, 'x.yaml') });

test('a config for a directory: network, size and channels are those of its images', async () => {
  const directory = temporaryDirectory();
  const root = join(directory, 'photos');
  const values: number[] = [];
  for (let i = 0; i < 10; i++) {
    for (const split of ['train', 'val', 'test']) {
      for (const [label, name] of ['ant', 'bee'].entries()) {
        const seed = i * 2 + label + 1;
        await writePhoto(join(root, split, name, `${i}.png`), seed, 70, 64);
        if (split === 'train')
          values.push(...Array.from(new TestRandom(seed).integers([70, 64, 3], 0, 255).values));
      }
    }
  }
  writeFileSync(join(root, 'train/ant/broken.jpg'), 'no image');
  const place = photoPlace(root)!;
  const { text, model, about } = await photoConfig(place, undefined, where(directory));
  writeFileSync(join(directory, 'x.yaml'), text);
  const { plan } = await loadPlan(join(directory, 'x.yaml'));
  expect(model).toBe('resnet18');
  expect(about.join()).toMatch(/61 images of 2 classes, 21 for training, 20 .* shorter sides of 64 to 64/);
  expect(about[1]).toBe('1 images cannot be read and are left out: gnet data tells why.');
  expect(plan.config.dataset).toMatchObject({ type: 'image_folder', root, unreadable: 'skip' });
  expect(plan.config.input.resize).toBe(64);
  // Height alone is resized, by a little: the mean of noise stays.
  for (const channel of [0, 1, 2]) {
    const own = values.filter((_, index) => index % 3 === channel);
    const mean = own.reduce((sum, value) => sum + value, 0) / own.length / 255;
    expect(plan.config.input.normalize.mean[channel]).toBeCloseTo(mean, 2);
  }
});

test('weights: the network that they are of, whose last layer starts afresh', async () => {
  const directory = temporaryDirectory();
  const root = join(directory, 'photos');
  await writePhotos(root, ['ant', 'bee'], 10);
  const zoo = await loadPlan('configs/zoo/squeezenet1_1.yaml');
  const weights = join(directory, 'weights.safetensors');
  writeFileSync(
    weights,
    await collected(encodeSafetensors(stateDict(zoo.plan.network, initialState(zoo.plan)))),
  );
  const { text, model } = await photoConfig(photoPlace(root)!, weights, where(directory));
  writeFileSync(join(directory, 'x.yaml'), text);
  const loaded = await loadPlan(join(directory, 'x.yaml'));
  expect(model).toBe('squeezenet1_1');
  expect(loaded.plan.config.init).toMatchObject({ file: 'weights.safetensors', ignore: ['classifier.1.*'] });
  expect(loaded.plan.config.parameter_groups).toMatchObject([{ match: ['features.*'], frozen: true }]);
  const initial = await readInitial(loaded, undefined);
  expect(initial!.weights.fresh).toEqual(['classifier.1.weight', 'classifier.1.bias']);
  writeFileSync(
    weights,
    await collected(encodeSafetensors(new Map([['a.b', { shape: [1], data: Float32Array.of(1) }]]))),
  );
  await expect(photoConfig(photoPlace(root)!, weights, where(directory))).rejects.toThrow(
    /^--init weights\.safetensors: expected the weights of one of alexnet, .*, got others/,
  );
});

test('what is wrong with a directory is told at once; a list is a place too, a config is none', async () => {
  const directory = temporaryDirectory();
  mkdirSync(join(directory, 'only'));
  await expect(photoConfig(photoPlace(directory)!, undefined, where(directory))).rejects.toThrow(
    /expected a PNG.* file in each directory of a class, got none in "only"; .*2 classes|2 classes.*"only"/,
  );
  for (const [name, type] of [
    ['list.csv', 'manifest'],
    ['list.yaml', undefined],
  ] as const) {
    writeFileSync(join(directory, name), '');
    expect(photoPlace(join(directory, name))?.type).toBe(type);
  }
  expect(photoPlace(join(directory, 'nothing'))).toBe(null);
});

async function collected(pieces: string | Uint8Array | Iterable<Uint8Array> | AsyncIterable<Uint8Array>) {
  const parts: Uint8Array[] = [];
  if (typeof pieces === 'string' || pieces instanceof Uint8Array) return pieces;
  for await (const piece of pieces) parts.push(Uint8Array.from(piece));
  return Buffer.concat(parts);
}
