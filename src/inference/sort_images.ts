import { constants } from 'node:fs';
import { copyFile, mkdir, open, symlink } from 'node:fs/promises';
import { basename, extname, join, resolve } from 'node:path';
import { Interrupted } from '../errors.js';
import { fileError } from '../storage/file_error.js';
import { writeNewDirectory } from '../storage/new_directory.js';
import type { StopRequested } from '../terminal/stage.js';
import type { Predicted } from './classify_images.js';

/**
 * Copies images into a new directory, each to a directory that is named after its class; of two with one name, the second
 * is called name-2.
 * @param link makes symbolic links in place of copies
 * @throws UserError where a file cannot be read, or the directory is not new; Interrupted
 */
export async function sortImages(
  into: string,
  images: readonly Predicted[],
  link: boolean,
  stopRequested: StopRequested,
): Promise<void> {
  await writeNewDirectory('--into', into, async (directory) => {
    const folders = folderNames([...new Set(images.map((image) => image.class))]);
    for (const folder of folders.values()) await mkdir(join(directory, folder));
    const taken = new Set<string>();
    for (const { file, class: name } of images) {
      if (await stopRequested()) throw new Interrupted();
      const target = freePath(join(directory, folders.get(name)!), basename(file), taken);
      if (link) await symlink(resolve(file), target);
      else await copy(file, target);
    }
  });
}

/** A name each that any file system takes, and that leads nowhere else. */
function folderNames(classes: readonly string[]): Map<string, string> {
  const taken = new Set<string>();
  return new Map(
    classes.map((name) => {
      const plain =
        name
          .replace(/[/\\:*?"<>|\p{Cc}]/gu, '_')
          .replace(/^\.+/, '_')
          .slice(0, 80) || '_';
      return [name, freePath('', plain, taken)];
    }),
  );
}

function freePath(folder: string, name: string, taken: Set<string>): string {
  const extension = extname(name);
  const stem = name.slice(0, name.length - extension.length);
  for (let number = 1; ; number++) {
    const path = join(folder, number === 1 ? name : `${stem}-${number}${extension}`);
    // Some file systems do not tell capitals from small letters.
    if (taken.has(path.toLowerCase())) continue;
    taken.add(path.toLowerCase());
    return path;
  }
}

async function copy(file: string, target: string): Promise<void> {
  try {
    await copyFile(file, target, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
    const handle = await open(target, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw fileError('write', target, error);
  }
}
