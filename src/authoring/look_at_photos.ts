import { statSync } from 'node:fs';
import { extname } from 'node:path';
import { printable } from '../config/words.js';
import { UserError } from '../errors.js';
import { imagePath, listImages, listingBase } from '../listing/list_images.js';
import type { ImageFiles } from '../listing/listing.js';
import { splitListing } from '../listing/split_listing.js';
import type { FilesOptions } from '../registry/datasets/dataset.js';
import type { Spread } from '../survey/file_facts.js';

/** Images whose headers are looked at: of more, evenly spaced ones. */
const HEADERS = 2000;
/** Training images whose pixels are looked at. */
const PIXELS = 200;

/** A directory of images, or a file that lists them. */
export interface PhotoPlace {
  readonly type: 'image_folder' | 'manifest';
  readonly root: string;
}

/** What is known of a user's images before a config is written for them. */
export interface Photos extends PhotoPlace {
  readonly options: FilesOptions;
  readonly classes: readonly string[];
  /** Images of each split, as the config will have them. */
  readonly count: Readonly<Record<'train' | 'validation' | 'test', number>>;
  /** The shorter side of those looked at, in pixels. */
  readonly shorter: Spread;
  /** Whether some of those looked at cannot be read. */
  readonly unreadable: number;
  readonly looked: number;
  readonly train: ImageFiles;
}

/** What a path stands for that may be images: a directory, or a file with the name of a list; null for anything else. */
export function photoPlace(path: string): PhotoPlace | null {
  // What is called like a config is to be one.
  if (/\.ya?ml$/i.test(path)) return null;
  const status = statSync(path, { throwIfNoEntry: false });
  if (status?.isDirectory()) return { type: 'image_folder', root: path };
  const isList = /^\.(csv|jsonl|ndjson)$/i.test(extname(path));
  return status?.isFile() && isList ? { type: 'manifest', root: path } : null;
}

/**
 * Lists the images, and looks at the headers of some.
 * @throws UserError with everything that is wrong with the directory or the list
 */
export async function lookAtPhotos(place: PhotoPlace): Promise<Photos> {
  const { type, root } = place;
  const options: FilesOptions = {
    ...(type === 'manifest' ? { file: root } : { root }),
    limit: { train: null, test: null },
    validation: null,
    test: null,
    unreadable: 'error',
    duplicates: 'warn',
  };
  const listed = listImages(options);
  if ('problems' in listed) {
    const lines = listed.problems.map(({ expected, actual }) => `expected ${expected}, got ${actual}`);
    throw new UserError(printable(`${root}: ${lines.join('; ')}`), {
      hint: 'docs/own-images.md shows how images are laid out.',
      exitCode: 2,
    });
  }
  const { train, validation, test } = splitListing(listed.listing, options, 0).files;
  const paths = [train, validation, test].flatMap((files) => files.paths);
  const [{ readImageHeader }, { eachOf }, { spread }] = await Promise.all([
    import('../data/image.js'),
    import('../data/each_of.js'),
    import('../survey/file_facts.js'),
  ]);
  const chosen = evenly(paths, HEADERS);
  const sides: number[] = [];
  await eachOf(chosen.length, 8, async (index) => {
    try {
      const { width, height } = await readImageHeader(imagePath(listingBase(options), chosen[index]!));
      sides.push(Math.min(width, height));
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
    }
  });
  if (sides.length === 0) {
    throw new UserError(`${printable(root)}: expected images that can be read, got none`, { exitCode: 2 });
  }
  return {
    ...place,
    options,
    classes: listed.listing.classes,
    count: { train: train.paths.length, validation: validation.paths.length, test: test.paths.length },
    shorter: spread(sides),
    unreadable: chosen.length - sides.length,
    looked: chosen.length,
    train,
  };
}

/** Mean and standard deviation of the channels of some training images, resized to `size`; null where none can be read. */
export async function channelsOf({ options, train }: Photos, size: number) {
  const { readImage } = await import('../data/image.js');
  const { ChannelSums } = await import('../survey/channel_sums.js');
  const image = { channels: 3, height: size, width: size };
  const sums = new ChannelSums(image);
  for (const path of evenly(train.paths, PIXELS)) {
    try {
      sums.add(await readImage(imagePath(listingBase(options), path), image));
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
    }
  }
  return sums.moments();
}

/** At most `count` of them, evenly spaced. */
function evenly(paths: readonly string[], count: number): string[] {
  const step = Math.max(1, paths.length / count);
  return Array.from(
    { length: Math.min(count, paths.length) },
    (_, index) => paths[Math.floor(index * step)]!,
  );
}
