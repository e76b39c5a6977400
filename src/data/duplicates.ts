import { UserError } from '../errors.js';
import type { FilesOptions } from '../registry/datasets/dataset.js';
import type { ImageLine } from './run_images.js';

/** Pairs told of in one message. */
const SHOWN = 5;

/**
 * Tells of images that are the same by content, byte for byte, in two splits: what a model was trained on says nothing of
 * others.
 * @throws UserError where that is an error
 */
export function tellDuplicates(
  lines: readonly ImageLine[],
  duplicates: FilesOptions['duplicates'],
  log: (line: string) => void,
): void {
  const first = new Map<string, ImageLine>();
  const pairs: [ImageLine, ImageLine][] = [];
  for (const line of lines) {
    const other = first.get(line.sha256);
    if (!other) first.set(line.sha256, line);
    else if (other.split !== line.split) pairs.push([other, line]);
  }
  if (pairs.length === 0) return;
  const named = ({ path, split }: ImageLine) => `${path} (${split})`;
  const examples = pairs.slice(0, SHOWN).map(([one, two]) => `${named(one)} = ${named(two)}`);
  const rest = pairs.length > SHOWN ? ` and ${pairs.length - SHOWN} more` : '';
  const text = `${pairs.length} images are in two splits with the same content: ${examples.join(', ')}${rest}`;
  if (duplicates === 'warn') {
    log(text);
    return;
  }
  throw new UserError(`expected splits without common images: ${text}`, {
    hint: 'Remove one of each, give both a group in a manifest, or set dataset.duplicates: warn.',
  });
}
