import { encode } from 'fast-png';
import { planeBytes, type Records } from '../data/records.js';
import type { StoredPredictions } from '../storage/predictions.js';
import { grouped, percent } from '../terminal/format.js';
import { type Html, html } from './html.js';

const SHOWN = 24;

/** Images of the test set, or why there are none to show. */
export type TestImages = Records | { readonly unavailable: string };

/** The mistakes of which the model was most certain, with their images. */
export function mistakes(
  predictions: StoredPredictions,
  classes: readonly string[],
  images: TestImages,
): Html {
  const { labels, predicted, probabilities } = predictions;
  const wrong = Array.from(labels.keys()).filter((index) => labels[index] !== predicted[index]);
  if (wrong.length === 0) return html`<p>There are none: every test image is classified correctly.</p>`;
  const shown = wrong.toSorted((a, b) => probabilities[b]! - probabilities[a]!).slice(0, SHOWN);
  const items = shown.map((index) => {
    const [truth, answer] = [classes[labels[index]!], classes[predicted[index]!]];
    const image =
      'unavailable' in images ? null : html`<img src="${dataUrl(images, index)}" alt="Test image ${index}">`;
    return html`<li>${image}predicted <b>${answer}</b><br>true <b>${truth}</b><br><small>${percent(probabilities[index]!)} sure<br>image ${index}</small></li>\n`;
  });
  const missing =
    'unavailable' in images ? html`<p class="note">Images are left out: ${images.unavailable}</p>` : null;
  return html`<p class="note">The ${grouped(shown.length)} of ${grouped(wrong.length)} mistakes with the highest probability of the predicted class. Images are counted from 0, in the order of the test set.</p>${missing}
<ul class="mistakes">${items}</ul>`;
}

/** A record as a PNG within a URL. */
export function dataUrl(records: Records, index: number): string {
  const { channels, height, width } = records.image;
  const size = planeBytes(records.image);
  const planes = records.images.subarray(index * size, (index + 1) * size);
  const pixels = new Uint8Array(size);
  // Planes to interleaved channels.
  for (let channel = 0, i = 0; channel < channels; channel++) {
    for (let pixel = 0; pixel < height * width; pixel++, i++) pixels[pixel * channels + channel] = planes[i]!;
  }
  const png = encode({ width, height, channels, depth: 8, data: pixels });
  return `data:image/png;base64,${Buffer.from(png).toString('base64')}`;
}
