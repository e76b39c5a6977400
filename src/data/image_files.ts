import { open, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../errors.js';
import { claimsImage, FORMATS } from '../listing/image_name.js';
import { fileError } from '../storage/file_error.js';
import { formatOf } from './image.js';

/** A file to read as an image, or why there is none at that place. */
export interface ImageFile {
  readonly file: string;
  readonly error?: string;
}

export interface FoundFiles {
  readonly files: readonly ImageFile[];
  /** Files in directories that are no images, by their content, and are not called so. */
  readonly others: readonly string[];
}

/** The longest beginning that tells a format. */
const BEGINNING_BYTES = 12;

/**
 * The images that paths stand for: files as they are given, directories with all images below them, by name. There the
 * content decides, whatever a file is called; one that is only called an image is left to whoever reads it. Hidden entries
 * are left out, and links to directories are not followed: they may lead around in a circle.
 */
export async function imageFiles(paths: readonly string[]): Promise<FoundFiles> {
  const files: ImageFile[] = [];
  const others: string[] = [];
  for (const path of paths) {
    const isDirectory = await stat(path).then(
      (status) => status.isDirectory(),
      () => false, // reading it will tell why
    );
    if (!isDirectory) {
      files.push({ file: path });
      continue;
    }
    const before = files.length;
    await walk(path, files, others);
    if (files.length === before) {
      files.push({ file: path, error: `${path}: no ${FORMATS} file below this directory` });
    }
  }
  return { files, others };
}

async function walk(directory: string, files: ImageFile[], others: string[]): Promise<void> {
  const entries = await readdir(directory, { withFileTypes: true }).catch((error: unknown) =>
    fileError('read', directory, error),
  );
  if (!Array.isArray(entries)) {
    if (!(entries instanceof UserError)) throw entries;
    files.push({ file: directory, error: entries.message });
    return;
  }
  for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    if (entry.name.startsWith('.')) continue;
    const path = join(directory, entry.name);
    if (entry.isDirectory()) await walk(path, files, others);
    else if (!(await leadsToFile(path))) continue;
    else if (claimsImage(entry.name) || (await beginsAsImage(path))) files.push({ file: path });
    else others.push(path);
  }
}

/** A link that leads nowhere counts: reading it says so. */
async function leadsToFile(path: string): Promise<boolean> {
  return stat(path).then(
    (status) => status.isFile(),
    () => true,
  );
}

/** What cannot be opened counts, too. */
async function beginsAsImage(path: string): Promise<boolean> {
  try {
    const handle = await open(path, 'r');
    try {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(BEGINNING_BYTES), 0, BEGINNING_BYTES, 0);
      return formatOf(buffer.subarray(0, bytesRead)) !== undefined;
    } finally {
      await handle.close();
    }
  } catch {
    return true;
  }
}
