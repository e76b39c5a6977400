import { dirname, isAbsolute, join } from 'node:path';
import type { FilesOptions } from '../registry/datasets/dataset.js';
import { listFolder } from './list_folder.js';
import { listManifest } from './list_manifest.js';
import type { Listed, Listing, ListingProblem } from './listing.js';

/** Lists the images of a data set of files, without a look into them: every mistake at once. */
export function listImages(options: FilesOptions): Listed {
  const listed = 'root' in options ? listFolder(options.root) : listManifest(options.file);
  if ('problems' in listed) return listed;
  const problems = withoutEffect(listed.listing, options);
  return problems.length > 0 ? { problems } : listed;
}

/** The directory that the paths of a listing start at. */
export function listingBase(options: FilesOptions): string {
  return 'root' in options ? options.root : dirname(options.file);
}

/** Where an image of a listing is. */
export function imagePath(base: string, path: string): string {
  return isAbsolute(path) ? path : join(base, path);
}

/** A share of what is kept apart already would say nothing. */
function withoutEffect(listing: Listing, options: FilesOptions): ListingProblem[] {
  return (['validation', 'test'] as const)
    .filter((split) => listing[split] !== null && options[split] !== null)
    .map((split) => ({
      key: split,
      expected: `null, as the ${split} images are kept apart already`,
      actual: String(options[split]),
    }));
}
