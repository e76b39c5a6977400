import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../errors.js';
import { FORMATS, isImageName } from '../listing/image_name.js';
import { fileError } from '../storage/file_error.js';

/** A file to read as an image, or why there is none at that place. */
export interface ImageFile {
  readonly file: string;
  readonly error?: string;
}

/**
 * The images that paths stand for: files as they are given, directories with all images below them, by name.
 * Hidden entries are left out, and links to directories are not followed: they may lead around in a circle.
 */
export async function imageFiles(paths: readonly string[]): Promise<ImageFile[]> {
  const files: ImageFile[] = [];
  for (const path of paths) {
    const isDirectory = await stat(path).then(
      (status) => status.isDirectory(),
      () => false, // reading it will tell why
    );
    files.push(...(isDirectory ? await imagesBelow(path) : [{ file: path }]));
  }
  return files;
}

async function imagesBelow(directory: string): Promise<ImageFile[]> {
  const files = await walk(directory);
  if (files.length > 0) return files;
  return [{ file: directory, error: `${directory}: no ${FORMATS} file below this directory` }];
}

async function walk(directory: string): Promise<ImageFile[]> {
  const entries = await readdir(directory, { withFileTypes: true }).catch((error: unknown) =>
    fileError('read', directory, error),
  );
  if (!Array.isArray(entries)) {
    if (entries instanceof UserError) return [{ file: directory, error: entries.message }];
    throw entries;
  }
  const files: ImageFile[] = [];
  for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    if (entry.name.startsWith('.')) continue;
    const path = join(directory, entry.name);
    if (entry.isDirectory()) files.push(...(await walk(path)));
    else if (isImageName(entry.name) && (await leadsToFile(path))) {
      files.push({ file: path });
    }
  }
  return files;
}

/** A link that leads nowhere counts: reading it says so. */
async function leadsToFile(path: string): Promise<boolean> {
  return stat(path).then(
    (status) => status.isFile(),
    () => true,
  );
}
