import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { explainConfig, explanationText } from '../../src/authoring/explain.js';
import { loadPlan } from '../../src/config/load_plan.js';
import { temporaryDirectory } from '../helpers/temporary_directory.js';

const CONFIG = 'configs/googlenet-cifar100-32.yaml';
const text = async (key?: string, ...sets: string[]) =>
  explanationText(await explainConfig(CONFIG, key, sets));

it('a value, what gave it, what it replaced, what it means', async () => {
  expect(await text('input.normalize.mean', 'input.normalize.mean=[0, 0, 0]')).toBe(
    `input.normalize.mean: [0, 0, 0]

  set by    --set input.normalize.mean=[0, 0, 0]
  replaces  [0.5071, 0.4865, 0.4409] (configs/googlenet-cifar100-32.yaml:11:11)
  replaces  [0.4914, 0.4822, 0.4465] (configs/googlenet-cifar10-32.yaml:16:11)
  meaning   Subtracted, on the scale 0 to 1: a number for each channel (red, green, blue), or one for all.
  accepts   a list of 1 to 3 numbers`,
  );
});

it('a default', async () => {
  expect(await text('seed')).toBe(
    `seed: 0

  set by    nothing: it is the default
  meaning   Decides all randomness: initial weights, validation split, order, augmentation, dropout.
  accepts   an integer from 0 to 4294967295
  default   0`,
  );
});

it('several values: YAML, with their places beside them', async () => {
  expect(await text('augmentation')).toBe(
    `augmentation:
  - type: random_crop       # configs/googlenet-cifar10-32.yaml:20:12
    padding: 4              # configs/googlenet-cifar10-32.yaml:20:34
    padding_mode: constant  # default
  - type: random_flip       # configs/googlenet-cifar10-32.yaml:21:12
    probability: 0.5        # default

# meaning  Random changes of training images, in order.
# accepts  a list`,
  );
});

it('the whole config is one that gives the same plan', async () => {
  const whole = await text(undefined, 'dataset.root="a: #b\\nc"');
  expect(whole).toContain('# --set dataset.root="a: #b\\nc"');
  const file = join(temporaryDirectory(), 'whole.yaml');
  writeFileSync(file, whole);
  const { plan } = await loadPlan(CONFIG, ['dataset.root="a: #b\\nc"']);
  expect(parse(whole)).toEqual(plan.config);
  expect((await loadPlan(file)).plan).toEqual(plan);
});

it('a line break in --set stays on its line', async () => {
  const whole = await text('dataset', 'dataset.root=a\n  b');
  expect(parse(whole)).toMatchObject({ dataset: { root: 'a b' } });
  expect(whole).toContain('root: a b');
  expect(whole).toContain('# --set dataset.root=a\\x0a  b');
});
