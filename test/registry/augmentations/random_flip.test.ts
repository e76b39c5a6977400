import { expect, it } from 'vitest';
import { randomStream } from '../../../src/random.js';
import { random_flip } from '../../../src/registry/augmentations/random_flip.js';

const context = { epoch: 0, first: randomStream(0, 'first', 0), mean: [0] };
const image = { channels: 2, height: 2, width: 3 };
const planes = Uint8Array.from({ length: 12 }, (_, i) => i);
const flipped = [2, 1, 0, 5, 4, 3, 8, 7, 6, 11, 10, 9];

it.each([
  [0, [...planes]],
  [1, flipped],
])('probability %d', (probability, expected) => {
  const flip = random_flip.prepare(
    { type: 'random_flip', probability },
    image,
    randomStream(0, 'flip', 0),
    context,
  );
  // One byte on each side shows a store outside the image.
  const images = Uint8Array.from([99, ...planes, 99]);
  flip(images, 1, 0);
  expect([...images]).toEqual([99, ...expected, 99]);
});

it('flips a third of the images where asked to', () => {
  const third = { type: 'random_flip', probability: 1 / 3 } as const;
  const flip = random_flip.prepare(third, image, randomStream(0, 'flip', 0), context);
  let count = 0;
  for (let record = 0; record < 3000; record++) {
    const images = Uint8Array.from(planes);
    flip(images, 0, record);
    if (images[0] === 2) count += 1;
  }
  expect(Math.abs(count - 1000)).toBeLessThan(130);
});
