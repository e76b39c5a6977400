import { basename } from 'node:path';
import { alternatives } from '../config/words.js';
import { systemErrorCode, UserError } from '../errors.js';
import { type DatasetType, datasetEntry, datasets } from '../registry/datasets/index.js';
import { createFile } from '../storage/atomic.js';
import { commandLine } from '../terminal/command_line.js';
import { grouped } from '../terminal/format.js';
import { fillTemplate, type TemplateName, templates } from './template.js';

/** What `gnet init` was asked for. */
export interface InitOptions {
  /** Without it: a file in the current directory that is named after model and data set. */
  readonly file: string | undefined;
  readonly dataset: DatasetType;
  readonly model: TemplateName;
  /** The directory of your own images, or the file that lists them; undefined for any other data set. */
  readonly root: string | undefined;
}

export interface InitResult {
  readonly file: string;
  readonly dataset: DatasetType;
  readonly model: TemplateName;
  readonly parameters: number;
  /** The command line that trains it. */
  readonly next: string;
}

/**
 * Writes a config to start from.
 * @throws UserError where the file exists, or cannot be written
 */
export async function initConfig({ file: wanted, dataset, model, root }: InitOptions): Promise<InitResult> {
  requireRoot(dataset, root);
  const file = wanted ?? `${model}-${dataset}.yaml`;
  if (!/\.ya?ml$/.test(file)) {
    throw new UserError(`${file}: expected the name of a file that ends in .yaml`, {
      hint: `For example: ${commandLine(['init', `${file.replace(/\/+$/, '')}.yaml`])}`,
      exitCode: 2,
    });
  }
  const { text, plan } = await fillTemplate({ model, dataset, root, name: experimentName(file), file });
  try {
    await createFile(file, text);
  } catch (error) {
    if (systemErrorCode(error) !== 'EEXIST') throw error;
    throw new UserError(`${file}: expected a new file, got one that exists; nothing was changed`, {
      hint: 'Name another file, or remove this one.',
      exitCode: 2,
    });
  }
  return { file, dataset, model, parameters: plan.parameterCount, next: commandLine(['run', file]) };
}

/** A folder is named where the images are one's own, and nowhere else. */
function requireRoot(dataset: DatasetType, root: string | undefined): void {
  const isOwn = datasetEntry(dataset).kind === 'files';
  if (isOwn === (root !== undefined)) return;
  const expected = isOwn
    ? '--root with the directory of the images, or the file that lists them'
    : `no --root, as ${dataset} needs none`;
  throw new UserError(`--dataset ${dataset}: expected ${expected}`, {
    hint: `For example: ${commandLine(['init', '--dataset', 'image_folder', '--root', root ?? 'photos'])}`,
    exitCode: 2,
  });
}

export function initText({ file, dataset, model, parameters, next }: InitResult): string {
  const others = (names: object, chosen: string) =>
    alternatives(Object.keys(names).filter((name) => name !== chosen));
  return [
    `${file}: ${model} on ${dataset}, ${grouped(parameters)} parameters`,
    `Other choices: --model ${others(templates, model)}; --dataset ${others(datasets, dataset)}`,
    '',
    `Train it with: ${next}`,
  ].join('\n');
}

/** The file's name as far as it can be the name of run directories. */
function experimentName(file: string): string {
  const name = basename(file)
    .replace(/\.ya?ml$/, '')
    .replace(/[^A-Za-z0-9._-]/g, '-')
    .replace(/^[^A-Za-z0-9]+/, '')
    .slice(0, 100);
  return name === '' ? 'experiment' : name;
}
