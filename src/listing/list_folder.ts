import { join } from 'node:path';
import type { Split } from '../registry/datasets/facts.js';
import { FORMATS } from './image_name.js';
import type { ImageFiles, Listed, ListingProblem } from './listing.js';
import { naturalOrder } from './natural_order.js';
import { splitOfName } from './split_names.js';
import { type Entries, imagesBelow, listDirectory, reasonOf } from './walk.js';

/** A directory that holds a directory of images for each class. */
interface ClassFolder {
  /** Relative to the root; empty for the root itself. */
  readonly folder: string;
  readonly classes: readonly string[];
}

/** More names than this help nobody. */
const SHOWN = 10;

/**
 * The images of a folder: a directory for each class, or such directories in others that are named after the splits
 * (train or training; val, valid or validation; test). Images may lie deeper; hidden files are left out.
 */
export function listFolder(root: string): Listed {
  try {
    return list(root, listDirectory(root));
  } catch (error) {
    return { problems: [wrong('a directory that can be read', reasonOf(error))] };
  }
}

function list(root: string, top: Entries): Listed {
  const problems: ListingProblem[] = [];
  const named = splitFolders(top.directories);
  if (named && top.images.length > 0) problems.push(withoutClass(top.images));
  const folders = new Map<Split, ClassFolder>();
  if (named) {
    for (const [split, directories] of named) {
      if (directories.length > 1) {
        problems.push(wrong(`one directory of ${split} images`, directories.map(quote).join(' and ')));
      }
      folders.set(split, classFolder(root, directories[0]!, problems));
    }
    const others = top.directories.filter((name) => splitOfName(name) === undefined);
    if (others.length > 0) {
      const expected = 'directories of splits alone, as there are some (move the others elsewhere)';
      problems.push(wrong(expected, names(others)));
    }
  } else {
    folders.set('train', classFolder(root, '', problems));
  }
  const { classes } = folders.get('train')!;
  for (const { folder, classes: own } of folders.values()) {
    problems.push(...differences(folder, own, folders.get('train')!));
  }
  if (classes.length < 2) {
    const actual = classes.length === 0 ? 'none' : `${names(classes)} alone`;
    problems.push(wrong('a directory for each of 2 classes at least', actual));
  }
  problems.push(...unusableNames(classes));
  const listed = new Map(
    [...folders].map(([split, folder]) => [split, filesOf(root, folder, classes, problems)]),
  );
  if (problems.length > 0) return { problems };
  const { train, validation = null, test = null } = Object.fromEntries(listed);
  return { listing: { classes, train: train!, validation, test } };
}

/** Directories by their splits; null where they are those of classes. (A class may be called train, too.) */
function splitFolders(directories: readonly string[]): Map<Split, string[]> | null {
  const folders = new Map<Split, string[]>();
  for (const name of directories) {
    const split = splitOfName(name);
    if (split) folders.set(split, [...(folders.get(split) ?? []), name]);
  }
  const all = [...folders.values()].flat().length === directories.length;
  return folders.has('train') && (folders.size > 1 || all) ? folders : null;
}

function classFolder(root: string, folder: string, problems: ListingProblem[]): ClassFolder {
  try {
    const { directories, images } = listDirectory(join(root, folder));
    if (images.length > 0) {
      problems.push(withoutClass(images.map((name) => (folder === '' ? name : `${folder}/${name}`))));
    }
    return { folder, classes: directories };
  } catch (error) {
    problems.push(wrong('directories that can be read', reasonOf(error)));
    return { folder, classes: [] };
  }
}

/** All images of one split, class by class. */
function filesOf(
  root: string,
  { folder, classes: own }: ClassFolder,
  classes: readonly string[],
  problems: ListingProblem[],
): ImageFiles {
  const paths: string[] = [];
  const labels: number[] = [];
  const outside = [root, join(root, folder)];
  for (const [label, name] of classes.entries()) {
    // That a split lacks a class is told already.
    if (!own.includes(name)) continue;
    const below = folder === '' ? name : `${folder}/${name}`;
    try {
      const images = imagesBelow(join(root, below), outside).sort(naturalOrder);
      if (images.length === 0) {
        problems.push(wrong(`a ${FORMATS} file in each directory of a class`, `none in ${quote(below)}`));
      }
      for (const image of images) {
        paths.push(`${below}/${image}`);
        labels.push(label);
      }
    } catch (error) {
      problems.push(wrong('directories that can be read', reasonOf(error)));
    }
  }
  return { paths, labels: Int32Array.from(labels), groups: null };
}

function differences(folder: string, own: readonly string[], train: ClassFolder): ListingProblem[] {
  const missing = train.classes.filter((name) => !own.includes(name));
  const more = own.filter((name) => !train.classes.includes(name));
  if (missing.length === 0 && more.length === 0) return [];
  const texts = [
    ...(missing.length > 0 ? [`${quote(folder)} without ${names(missing)}`] : []),
    ...(more.length > 0 ? [`${quote(folder)} with ${names(more)} besides`] : []),
  ];
  return [wrong(`the classes of ${quote(train.folder)} in each split`, texts.join(', and '))];
}

/** Names are shown, and stored as text: what Node.js cannot give back as it was read finds no file. */
function unusableNames(classes: readonly string[]): ListingProblem[] {
  return classes
    .filter((name) => /\p{Cc}|\ufffd/u.test(name))
    .map((name) => wrong('names of classes in UTF-8, without control characters', quote(name)));
}

function withoutClass(paths: readonly string[]): ListingProblem {
  return wrong('each image in the directory of its class', `${names(paths)} in none`);
}

function names(all: readonly string[]): string {
  const rest = all.length > SHOWN ? ` and ${all.length - SHOWN} more` : '';
  return `${all.slice(0, SHOWN).map(quote).join(', ')}${rest}`;
}

function quote(name: string): string {
  return JSON.stringify(name === '' ? '.' : name);
}

function wrong(expected: string, actual: string): ListingProblem {
  return { key: 'root', expected, actual };
}
