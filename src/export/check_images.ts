import type { Plan } from '../config/resolve.js';
import { openSource, openSplit } from '../data/open.js';
import { planeBytes, type Source } from '../data/source.js';
import { UserError } from '../errors.js';
import { randomStream } from '../random.js';
import { datasetEntry } from '../registry/datasets/index.js';

/** Images to try a model on. */
export interface CheckImages {
  /** uint8 [count, channels, height, width]. */
  readonly planes: Uint8Array;
  /** Which they are, as it stands after "of". */
  readonly description: string;
}

/**
 * The first test images of the run, whose logits are those that count; noise where the files are not there, as nothing
 * is downloaded for a check.
 * @param images images.jsonl of the run, where there is one
 */
export async function checkImages(plan: Plan, count: number, images: string | null): Promise<CheckImages> {
  try {
    const source = await firstTestImages(plan, count, images);
    const found = Math.min(source.count, count);
    // A test set may be smaller than that: its images come again.
    const planes = await source.read(Uint32Array.from({ length: count }, (_, i) => i % found));
    return { planes, description: found === 1 ? 'the first test image' : `the first ${found} test images` };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { planes: noise(plan, count), description: `${count} random images (${error.message})` };
  }
}

/** At most `count`. @throws UserError where they cannot be read */
function firstTestImages(plan: Plan, count: number, images: string | null): Promise<Source> {
  const { dataset, seed } = plan.config;
  const entry = datasetEntry(dataset.type);
  // Files are decoded as they are read: there is nothing to save.
  if (entry.kind === 'files') return openSplit(plan, 'test', { file: images });
  const test = Math.min(dataset.limit.test ?? count, count);
  const options = { ...dataset, limit: { ...dataset.limit, test } };
  return openSource(entry, options, seed, 'test');
}

function noise({ dataset }: Plan, count: number): Uint8Array {
  const random = randomStream(0, 'export', count);
  return Uint8Array.from({ length: count * planeBytes(dataset.image) }, (_, i) => random.integer(i, 256));
}
