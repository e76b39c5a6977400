import { createHash } from 'node:crypto';
import sharp from 'sharp';
import type { Plan } from '../config/resolve.js';
import { eachOf } from '../data/each_of.js';
import { AT_ONCE } from '../data/file_source.js';
import { decodeImage, readBytes } from '../data/image.js';
import { listedFiles } from '../data/prepare_images.js';
import { Interrupted, UserError } from '../errors.js';
import { imagePath, listingBase } from '../listing/list_images.js';
import { filesOptions } from '../registry/datasets/dataset.js';
import type { StageOutput } from '../terminal/stage.js';
import { ChannelSums } from './channel_sums.js';
import { type FileFacts, FileTally } from './file_facts.js';
import { DIGEST_BYTES, type Images, type UnreadableImage } from './looked_at.js';
import { tellProgress } from './progress.js';
import type { LookedAt } from './survey.js';

/**
 * Reads and decodes every image file of the plan, as training does, one at a time on each core: what is kept of one is
 * some dozen bytes.
 * @throws Interrupted where the user asked to stop
 */
export async function lookAtFiles(plan: Plan, output: StageOutput, signal: AbortSignal): Promise<LookedAt> {
  const { dataset } = plan;
  const options = filesOptions(plan.config.dataset);
  const all = listedFiles(plan, options);
  const { train, validation, test } = dataset.count;
  const images: Images = {
    count: all.length,
    labels: Int32Array.from(all, ({ files, at }) => files.labels[at]!),
    ends: { train, validation: train + validation, test: train + validation + test },
    nameOf: (index) => all[index]!.files.paths[all[index]!.at]!,
  };
  const digests = Buffer.alloc(images.count * DIGEST_BYTES);
  const readable = new Uint8Array(images.count);
  const unreadable: UnreadableImage[] = [];
  const sums = new ChannelSums(dataset.image);
  const tally = new FileTally(dataset.image);
  await eachOf(images.count, AT_ONCE, async (index) => {
    if (signal.aborted) throw new Interrupted();
    const path = images.nameOf(index);
    const file = imagePath(listingBase(options), path);
    try {
      const bytes = await readBytes(file);
      const planes = await decodeImage(file, bytes, dataset.image);
      createHash('sha256')
        .update(bytes)
        .digest()
        .copy(digests, index * DIGEST_BYTES);
      readable[index] = 1;
      tally.add(await sharp(bytes, { limitInputPixels: false }).metadata());
      if (all[index]!.split === 'train') sums.add(planes);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      unreadable.push({ path, split: all[index]!.split, error: error.message });
    }
    tellProgress(output, index, images.count);
  });
  unreadable.sort((a, b) => (a.path < b.path ? -1 : 1));
  const files: FileFacts | null = tally.facts();
  return { images, digests, readable, unreadable, files, moments: sums.moments() };
}
