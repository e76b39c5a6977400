import type { Plan } from '../config/resolve.js';
import { loadSplit } from '../data/open.js';
import { planeBytes, type Records } from '../data/records.js';
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
 */
export async function checkImages(plan: Plan, count: number): Promise<CheckImages> {
  try {
    const { images, count: found } = await firstTestImages(plan, count);
    const size = planeBytes(plan.dataset.image);
    const planes = new Uint8Array(count * size);
    // A test set may be smaller than that: its images come again.
    for (let i = 0; i < count; i++)
      planes.set(images.subarray((i % found) * size, ((i % found) + 1) * size), i * size);
    return { planes, description: found === 1 ? 'the first test image' : `the first ${found} test images` };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { planes: noise(plan, count), description: `${count} random images (${error.message})` };
  }
}

/** At most `count`. @throws UserError where they cannot be read */
function firstTestImages({ config: { dataset, seed } }: Plan, count: number): Promise<Records> {
  const test = Math.min(dataset.limit.test ?? count, count);
  return loadSplit(
    datasetEntry(dataset.type),
    { ...dataset, limit: { ...dataset.limit, test } },
    seed,
    'test',
  );
}

function noise({ dataset }: Plan, count: number): Uint8Array {
  const random = randomStream(0, 'export', count);
  return Uint8Array.from({ length: count * planeBytes(dataset.image) }, (_, i) => random.integer(i, 256));
}
