import type { ImageSize } from '../registry/datasets/facts.js';
import type { StoredPredictions } from '../storage/predictions.js';
import { grouped, percent } from '../terminal/format.js';
import { type Html, html } from './html.js';
import { pngUrl } from './thumbnail.js';

const SHOWN = 24;

/** The images of the mistakes shown, uint8 planes in that order, or why there are none to show. */
export type MistakeImages =
  | { readonly image: ImageSize; readonly images: Uint8Array }
  | { readonly unavailable: string };

/** The mistakes of which the model was most certain, as many as a page shows: numbers of images in the test set. */
export function surestMistakes({ labels, predicted, probabilities }: StoredPredictions): Uint32Array {
  const wrong = [...labels.keys()].filter((index) => labels[index] !== predicted[index]);
  return Uint32Array.from(wrong.toSorted((a, b) => probabilities[b]! - probabilities[a]!).slice(0, SHOWN));
}

/** The surest mistakes with their images. */
export function mistakes(
  predictions: StoredPredictions,
  classes: readonly string[],
  images: MistakeImages,
): Html {
  const { labels, predicted, probabilities } = predictions;
  const wrong = labels.reduce((sum, label, index) => sum + Number(label !== predicted[index]), 0);
  if (wrong === 0) return html`<p>There are none: every test image is classified correctly.</p>`;
  const shown = surestMistakes(predictions);
  const items = [...shown].map((index, place) => {
    const [truth, answer] = [classes[labels[index]!], classes[predicted[index]!]];
    const image =
      'unavailable' in images
        ? null
        : html`<img src="${pngUrl(images.images, images.image, place)}" alt="Test image ${index}">`;
    return html`<li>${image}predicted <b>${answer}</b><br>true <b>${truth}</b><br><small>${percent(probabilities[index]!)} sure<br>image ${index}</small></li>\n`;
  });
  const missing =
    'unavailable' in images ? html`<p class="note">Images are left out: ${images.unavailable}</p>` : null;
  return html`<p class="note">The ${grouped(shown.length)} of ${grouped(wrong)} mistakes with the highest probability of the predicted class. Images are counted from 0, in the order of the test set.</p>${missing}
<ul class="mistakes">${items}</ul>`;
}
