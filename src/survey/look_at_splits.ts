import { createHash } from 'node:crypto';
import type { Plan } from '../config/resolve.js';
import { openSplits } from '../data/open.js';
import { planeBytes } from '../data/source.js';
import { Interrupted } from '../errors.js';
import type { StageOutput, StopRequested } from '../terminal/stage.js';
import { ChannelSums } from './channel_sums.js';
import { DIGEST_BYTES, type Images, SPLITS } from './looked_at.js';
import { tellProgress } from './progress.js';
import type { LookedAt } from './survey.js';

/** Images read at a time. */
const AT_ONCE = 100;

/**
 * Looks at every image of a data set that is read into memory or drawn, as the run sees them.
 * @throws Interrupted where the user asked to stop
 */
export async function lookAtSplits(
  plan: Plan,
  output: StageOutput,
  stopRequested: StopRequested,
): Promise<LookedAt> {
  const splits = await openSplits(plan);
  const { train, validation, test } = plan.dataset.count;
  const ends = { train, validation: train + validation, test: train + validation + test };
  const count = ends.test;
  const images: Images = {
    count,
    labels: Int32Array.from(SPLITS.flatMap((split) => [...splits[split].labels])),
    ends,
    nameOf: (index) => {
      const split = SPLITS.find((each) => index < ends[each])!;
      return `image ${index - ends[split] + splits[split].count}`;
    },
  };
  const digests = Buffer.alloc(count * DIGEST_BYTES);
  const sums = new ChannelSums(plan.dataset.image);
  const size = planeBytes(plan.dataset.image);
  let done = 0;
  for (const split of SPLITS) {
    const source = splits[split];
    for (let first = 0; first < source.count; first += AT_ONCE) {
      const some = Math.min(AT_ONCE, source.count - first);
      const planes = await source.read(Uint32Array.from({ length: some }, (_, i) => first + i));
      for (let i = 0; i < some; i++, done++) {
        const image = planes.subarray(i * size, (i + 1) * size);
        createHash('sha256')
          .update(image)
          .digest()
          .copy(digests, done * DIGEST_BYTES);
        if (split === 'train') sums.add(image);
      }
      if (await stopRequested()) throw new Interrupted();
      tellProgress(output, done, count);
    }
  }
  const readable = new Uint8Array(count).fill(1);
  return { images, digests, readable, unreadable: [], files: null, moments: sums.moments() };
}
