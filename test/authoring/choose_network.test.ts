import { expect, test } from 'vitest';
import { chooseNetwork } from '../../src/authoring/choose_network.js';

const choice = (train: number, median: number) =>
  chooseNetwork({
    count: { train, validation: 1, test: 1 },
    shorter: { least: median, median, most: median },
  });

test.each([
  [300, 32, 'resnet18-cifar10.yaml', 32],
  [300, 80, 'zoo/resnet18.yaml', 64],
  [19_999, 100, 'zoo/resnet18.yaml', 96],
  [20_000, 500, 'zoo/resnet50.yaml', 128],
])('%i training images of %i pixels: %s at %i', (train, median, base, size) => {
  expect(choice(train, median)).toMatchObject({ base, size });
});

test('a batch is never larger than the training set, and few images are seen more often', () => {
  expect(choice(5, 80).keys).toMatchObject({ 'training.batch_size': 5, 'training.epochs': 100 });
  expect(choice(10_000, 80).keys).toMatchObject({ 'training.batch_size': 64, 'training.epochs': 30 });
});
