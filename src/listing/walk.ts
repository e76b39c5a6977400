import { type Dirent, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../errors.js';
import { fileError } from '../storage/file_error.js';
import { isImageName } from './image_name.js';
import { naturalOrder } from './natural_order.js';

/** What is in a directory: names in natural order, hidden ones left out. */
export interface Entries {
  readonly directories: readonly string[];
  readonly images: readonly string[];
}

/**
 * Lists a directory. Links count as what they lead to; one that leads nowhere as the file that its name promises, so that
 * reading it tells.
 * @throws UserError where it cannot be read
 */
export function listDirectory(path: string): Entries {
  const directories: string[] = [];
  const images: string[] = [];
  for (const entry of read(path)) {
    if (entry.name.startsWith('.')) continue;
    const kind = kindOf(entry, join(path, entry.name));
    if (kind === 'directory') directories.push(entry.name);
    else if (kind === 'file' && isImageName(entry.name)) images.push(entry.name);
  }
  return { directories: directories.sort(naturalOrder), images: images.sort(naturalOrder) };
}

/**
 * All images below a directory, relative to it. Links are followed; a directory that several ways lead to is walked
 * once, so that no circle of links has no end.
 * @param outside directories that no link leads back to: what holds all classes is no part of one
 * @throws UserError where a directory cannot be read
 */
export function imagesBelow(root: string, outside: readonly string[]): string[] {
  const seen = new Set(outside.map(identityOf));
  const found: string[] = [];
  const walk = (below: string) => {
    const path = join(root, below);
    const identity = identityOf(path);
    if (seen.has(identity)) return;
    seen.add(identity);
    const { directories, images } = listDirectory(path);
    // An array's own push of many arguments overflows the stack.
    for (const name of images) found.push(below === '' ? name : `${below}/${name}`);
    for (const name of directories) walk(below === '' ? name : `${below}/${name}`);
  };
  walk('');
  return found;
}

function identityOf(path: string): string {
  try {
    const { dev, ino } = statSync(path);
    return `${dev}:${ino}`;
  } catch (error) {
    throw fileError('read', path, error);
  }
}

function read(path: string): Dirent[] {
  try {
    return readdirSync(path, { withFileTypes: true });
  } catch (error) {
    throw fileError('read', path, error);
  }
}

function kindOf(entry: Dirent, path: string): 'directory' | 'file' | 'other' {
  if (entry.isDirectory()) return 'directory';
  if (entry.isFile()) return 'file';
  if (!entry.isSymbolicLink()) return 'other';
  const status = statOf(path);
  if (status === undefined) return 'file';
  return status.isDirectory() ? 'directory' : status.isFile() ? 'file' : 'other';
}

function statOf(path: string) {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
}

/** What an error of `listDirectory` says, as it stands after "got". */
export function reasonOf(error: unknown): string {
  if (error instanceof UserError) return error.message.replace(/^cannot read /, '');
  throw error;
}
