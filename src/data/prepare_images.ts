import { createHash } from 'node:crypto';
import { planFromResolved } from '../config/load_plan.js';
import type { Plan } from '../config/resolve.js';
import { Interrupted, UserError } from '../errors.js';
import { imagePath, listImages, listingBase } from '../listing/list_images.js';
import type { ImageFiles } from '../listing/listing.js';
import { naturalOrder } from '../listing/natural_order.js';
import { splitListing } from '../listing/split_listing.js';
import { type FilesOptions, filesOptions } from '../registry/datasets/dataset.js';
import type { DatasetFacts, Split } from '../registry/datasets/facts.js';
import { grouped } from '../terminal/format.js';
import type { StageOutput } from '../terminal/stage.js';
import { tellDuplicates } from './duplicates.js';
import { eachOf } from './each_of.js';
import { AT_ONCE, unreadableImages } from './file_source.js';
import { checkHeader, decodeImage, readBytes } from './image.js';
import { fileState, type ImageLine } from './run_images.js';

/** The image files that a new run begins with. */
export interface PreparedImages {
  /** The plan of what can be read. */
  readonly plan: Plan;
  readonly lines: readonly ImageLine[];
  /** What was left out, and why. */
  readonly unreadable: readonly { readonly path: string; readonly error: string }[];
}

const SPLITS = ['train', 'validation', 'test'] as const satisfies Split[];

/**
 * Looks at each image file that the plan counts: it is read once, and its header, with `unreadable: skip` all of it,
 * decoded. What cannot be read ends the run before it begins, all at once, or is left out.
 * @param signal aborts
 * @throws UserError where files cannot be read, splits share images that must not, or the folder has just changed
 */
export async function prepareImages(
  plan: Plan,
  output: StageOutput,
  signal: AbortSignal,
): Promise<PreparedImages> {
  const options = filesOptions(plan.config.dataset);
  const all = listedFiles(plan, options);
  const skips = options.unreadable === 'skip';
  const lines: (ImageLine | undefined)[] = [];
  const failures: { path: string; error: UserError }[] = [];
  await eachOf(all.length, AT_ONCE, async (index) => {
    if (signal.aborted) throw new Interrupted();
    const { split, files, at } = all[index]!;
    const path = files.paths[at]!;
    const file = imagePath(listingBase(options), path);
    try {
      const state = fileState(file) ?? { bytes: 0, modified: 0 };
      const bytes = await readBytes(file);
      if (skips) await decodeImage(file, bytes, plan.dataset.image);
      else await checkHeader(file, bytes);
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      const group = files.groups ? { group: files.groups[at]! } : {};
      lines[index] = { split, path, label: files.labels[at]!, ...state, sha256, ...group };
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      failures.push({ path, error });
    }
    if (index % 50 === 0) {
      output.progress({
        share: index / all.length,
        facts: [`${grouped(index)}/${grouped(all.length)} images`],
      });
    }
  });
  failures.sort((a, b) => naturalOrder(a.path, b.path));
  if (failures.length > 0 && !skips) throw unreadableImages(failures.map(({ error }) => error));
  const kept = lines.filter((line) => line !== undefined);
  tellDuplicates(kept, options.duplicates, (line) => output.line(line));
  if (failures.length === 0) return { plan, lines: kept, unreadable: [] };
  const unreadable = failures.map(({ path, error }) => ({ path, error: error.message }));
  output.line(
    `${grouped(failures.length)} images cannot be read and are left out: unreadable.jsonl lists them`,
  );
  return { plan: planWithout(plan, kept), lines: kept, unreadable };
}

/** Every file that the plan counts, as the folder is now. */
export function listedFiles({ config, dataset }: Plan, options: FilesOptions) {
  const listed = listImages(options);
  const listing = 'listing' in listed ? listed.listing : null;
  const files = listing && splitListing(listing, options, config.seed).files;
  const isSame =
    files &&
    listing.classes.join('\n') === dataset.classes.join('\n') &&
    SPLITS.every((split) => files[split].paths.length === dataset.count[split]);
  if (!isSame) {
    throw new UserError(`${listingBase(options)}: expected the images that were there just now, got others`, {
      hint: 'Another program writes there: run again once it is done.',
    });
  }
  return SPLITS.flatMap((split) =>
    files[split].paths.map((_, at): { split: Split; files: ImageFiles; at: number } => ({
      split,
      files: files[split],
      at,
    })),
  );
}

/** The plan for the images that are left. */
function planWithout(plan: Plan, kept: readonly ImageLine[]): Plan {
  const { dataset, config } = plan;
  const trained = new Set(kept.filter(({ split }) => split === 'train').map(({ label }) => label));
  const without = dataset.classes.filter((_, label) => !trained.has(label));
  const count = { train: 0, validation: 0, test: 0 } satisfies DatasetFacts['count'];
  for (const { split } of kept) count[split]++;
  const empty = SPLITS.filter((split) => count[split] === 0 && dataset.count[split] > 0);
  if (without.length > 0 || empty.length > 0) {
    const missing = [
      ...without.map((name) => `training images of ${name}`),
      ...empty.map((name) => `${name} images`),
    ];
    throw new UserError(
      `expected images that can be read of each class and split, got no ${missing.join(', no ')}`,
      {
        hint: 'dataset.unreadable: error tells what is wrong with each file.',
      },
    );
  }
  return planFromResolved(config, 'the config', { ...dataset, count });
}
