import type { Predicted, Unreadable } from './classify_images.js';

/** The answers as CSV (RFC 4180): file, class, then each of the most probable classes with its probability, and the error. */
export function predictionsCsv(images: readonly (Predicted | Unreadable)[]): string {
  const columns = Math.max(0, ...images.map((image) => ('error' in image ? 0 : image.predictions.length)));
  const places = Array.from({ length: columns }, (_, index) => index + 1);
  const head = [
    'file',
    'class',
    ...places.flatMap((place) => [`class_${place}`, `probability_${place}`]),
    'error',
  ];
  const rows = images.map((image) => {
    if ('error' in image) return [image.file, '', ...places.flatMap(() => ['', '']), image.error];
    const cells = image.predictions.flatMap((each) => [each.class, String(each.probability)]);
    return [image.file, image.class, ...cells, ''];
  });
  return [head, ...rows].map((cells) => `${cells.map(field).join(',')}\r\n`).join('');
}

function field(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** The answers, an object a line. */
export function predictionsJsonl(images: readonly (Predicted | Unreadable)[]): string {
  return images.map((image) => `${JSON.stringify(image)}\n`).join('');
}
