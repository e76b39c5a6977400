import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { type Static, Type } from '@sinclair/typebox';
import { Ajv } from 'ajv';
import { UserError } from '../errors.js';
import { imagePath } from '../listing/list_images.js';
import type { ImageFiles } from '../listing/listing.js';
import type { Split } from '../registry/datasets/facts.js';
import { damagedFile } from '../storage/json_file.js';
import { readJsonLines, writeJsonLines } from '../storage/json_lines.js';
import { describeSchemaErrors } from '../storage/schema_errors.js';
import type { FileState } from './image.js';

/** An image file of a run: a line of images.jsonl. */
const LineSchema = Type.Object({
  split: Type.Unsafe<Split>({ enum: ['train', 'validation', 'test'] }),
  path: Type.String({ pattern: '^[^\\u0000]+$', maxLength: 100_000 }),
  label: Type.Integer({ minimum: 0, maximum: 2 ** 31 - 1 }),
  bytes: Type.Integer({ minimum: 0 }),
  modified: Type.Number(),
  sha256: Type.String({ pattern: '^[0-9a-f]{64}$' }),
  group: Type.Optional(Type.String()),
});

export type ImageLine = Readonly<Static<typeof LineSchema>>;

const isLine = new Ajv({ allErrors: true }).compile<ImageLine>(LineSchema);

/** The image files of a split, as they are now. */
export interface SplitFiles extends ImageFiles {
  readonly states: readonly FileState[];
}

export type RunImages = Readonly<Record<Split, SplitFiles>>;

/** Paths told of in one message. */
const SHOWN = 10;

/**
 * Writes images.jsonl: the split, path (from the directory of the data set on), class number, size, time and content of
 * each image of a run, an object a line.
 */
export async function writeRunImages(file: string, lines: readonly ImageLine[]): Promise<void> {
  await writeJsonLines(file, lines);
}

/**
 * Reads what `writeRunImages` wrote, and looks whether the files are still there.
 * @param base where paths start
 * @param log is told of files whose content is another by now
 * @throws UserError where images.jsonl is damaged, or files have vanished
 */
export async function readRunImages(
  file: string,
  base: string,
  log: (line: string) => void = () => undefined,
): Promise<RunImages> {
  const lists = { train: emptyList(), validation: emptyList(), test: emptyList() };
  const vanished: string[] = [];
  const changed: string[] = [];
  const { cutShort } = await readJsonLines(file, (line) => {
    if (!isLine(line)) return describeSchemaErrors(isLine.errors);
    const path = imagePath(base, line.path);
    const state = fileState(path);
    if (!state) vanished.push(path);
    else if (isChanged(path, line, state)) changed.push(path);
    const { paths, labels, states } = lists[line.split];
    paths.push(line.path);
    labels.push(line.label);
    states.push(state ?? line);
    return undefined;
  });
  if (cutShort) throw damagedFile(file, 'its last line was cut short');
  if (vanished.length > 0) {
    throw new UserError(
      `expected the images that the run began with, got ${vanished.length} less: ${shown(vanished)}`,
      {
        hint: `Put them back; ${file} lists all.`,
      },
    );
  }
  if (changed.length > 0) {
    log(
      `${changed.length} images have changed since the run began, which makes its results others: ${shown(changed)}`,
    );
  }
  const filesOf = ({ paths, labels, states }: ReturnType<typeof emptyList>): SplitFiles => ({
    paths,
    labels: Int32Array.from(labels),
    groups: null,
    states,
  });
  return { train: filesOf(lists.train), validation: filesOf(lists.validation), test: filesOf(lists.test) };
}

/**
 * What the test images of a run are, in a digest of their contents in their order: of two runs the same where these are.
 * @throws UserError where images.jsonl is damaged
 */
export async function testImagesDigest(file: string): Promise<string> {
  const digest = createHash('sha256');
  await readJsonLines(file, (line) => {
    if (!isLine(line)) return describeSchemaErrors(isLine.errors);
    if (line.split === 'test') digest.update(line.sha256);
    return undefined;
  });
  return digest.digest('hex');
}

/** Undefined where there is no such file. */
export function fileState(path: string): FileState | undefined {
  const status = statSync(path, { throwIfNoEntry: false });
  return status && { bytes: status.size, modified: status.mtimeMs };
}

/** Some of many paths. */
export function shown(paths: readonly string[]): string {
  const rest = paths.length > SHOWN ? ` and ${paths.length - SHOWN} more` : '';
  return `${paths.slice(0, SHOWN).join(', ')}${rest}`;
}

/** A copied folder has other times: then the content decides. */
function isChanged(path: string, line: ImageLine, { bytes, modified }: FileState): boolean {
  if (bytes !== line.bytes) return true;
  if (modified === line.modified) return false;
  return createHash('sha256').update(readFileSync(path)).digest('hex') !== line.sha256;
}

function emptyList() {
  return { paths: [] as string[], labels: [] as number[], states: [] as FileState[] };
}
