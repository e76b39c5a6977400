import { decode } from 'fast-png';
import { expect, test } from 'vitest';
import { mistakes } from '../../src/report/mistakes.js';
import { pngUrl } from '../../src/report/thumbnail.js';

const IMAGE = { channels: 3, height: 2, width: 3 };
const IMAGES = Uint8Array.from({ length: 36 }, (_, i) => 7 * i);

function png(url: string) {
  return decode(Buffer.from(url.slice('data:image/png;base64,'.length), 'base64'));
}

test('an image is the PNG of its planes', () => {
  const { width, height, channels, data } = png(pngUrl(IMAGES, IMAGE, 1));
  expect({ width, height, channels }).toEqual({ width: 3, height: 2, channels: 3 });
  const pixels = Array.from({ length: 6 }, (_, pixel) =>
    [0, 1, 2].map((channel) => IMAGES[18 + channel * 6 + pixel]!),
  );
  expect([...data]).toEqual(pixels.flat());
});

const PREDICTIONS = {
  labels: Int32Array.from([0, 1, 0, 1]),
  predicted: Int32Array.from([1, 1, 1, 0]),
  probabilities: Float32Array.from([0.75, 1, 0.5, 0.875]),
  losses: new Float32Array(4),
};

test('the surest mistakes come first', () => {
  const { text } = mistakes(PREDICTIONS, ['<cat>', 'dog'], { unavailable: 'a reason' });
  expect(text).toContain('The 3 of 3 mistakes');
  expect(text).toContain('Images are left out: a reason');
  const items = [...text.matchAll(/<li>(.*)<\/li>/g)].map(([, item]) =>
    item!
      .replace(/<[^>]+>/g, ' ')
      .replace(/ +/g, ' ')
      .trim(),
  );
  expect(items).toEqual([
    'predicted &lt;cat&gt; true dog 87.50 % sure image 3',
    'predicted dog true &lt;cat&gt; 75.00 % sure image 0',
    'predicted dog true &lt;cat&gt; 50.00 % sure image 2',
  ]);
});

test('no more than 24, and a sentence where there is none', () => {
  const labels = new Int32Array(30);
  const many = {
    labels,
    predicted: labels.map(() => 1),
    probabilities: new Float32Array(30),
    losses: new Float32Array(30),
  };
  const { text } = mistakes(many, ['a', 'b'], { unavailable: '' });
  expect(text.match(/<li>/g)).toHaveLength(24);
  expect(mistakes({ ...many, predicted: labels }, ['a', 'b'], { unavailable: '' }).text).toContain(
    'There are none',
  );
});
