import { existsSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { alternatives } from '../config/words.js';
import { systemErrorCode, UserError } from '../errors.js';
import { type DatasetType, datasetEntry, datasets } from '../registry/datasets/index.js';
import { createFile } from '../storage/atomic.js';
import { commandLine } from '../terminal/command_line.js';
import { grouped } from '../terminal/format.js';
import { type PhotoPlace, photoPlace } from './look_at_photos.js';
import { photoConfig } from './photo_config.js';
import { fillTemplate, type TemplateName, templates } from './template.js';

/** What `gnet init` was asked for. */
export interface InitOptions {
  /** The file to write, or images: a directory, or a file that lists them. Without it: a file in the current directory. */
  readonly place: string | undefined;
  /** The file to write where `place` is images. */
  readonly file: string | undefined;
  readonly dataset: DatasetType | undefined;
  readonly model: TemplateName | undefined;
  /** The directory of your own images, or the file that lists them; undefined for any other data set. */
  readonly root: string | undefined;
  /** Weights to start from. */
  readonly init: string | undefined;
}

export interface InitResult {
  readonly file: string;
  readonly dataset: DatasetType;
  readonly model: string;
  readonly parameters: number;
  /** What was seen of the images, and what follows from it; where a directory was looked at. */
  readonly about?: readonly string[];
  /** The command line that trains it. */
  readonly next: string;
}

const DEFAULTS = { dataset: 'cifar10', model: 'googlenet-32' } as const;

/**
 * Writes a config to start from: of a template, or for images that are looked at.
 * @throws UserError where the file exists, or cannot be written
 */
export async function initConfig(options: InitOptions): Promise<InitResult> {
  const { place: path, root, init } = options;
  const place = path === undefined ? null : photoPlace(path);
  if (place) return initFor(place, options);
  const { dataset = DEFAULTS.dataset, model = DEFAULTS.model } = options;
  if (options.file !== undefined || init !== undefined) {
    const given = options.file === undefined ? '--init' : options.file;
    const actual =
      path === undefined ? 'none' : `${path}, which is neither a directory nor a CSV or JSONL file`;
    throw new UserError(`${given}: expected images before it that the config is for, got ${actual}`, {
      hint: `For example: ${commandLine(['init', 'photos', 'photos.yaml'])}`,
      exitCode: 2,
    });
  }
  requireRoot(dataset, root);
  const file = requireYaml(path ?? `${model}-${dataset}.yaml`);
  const { text, plan } = await fillTemplate({ model, dataset, root, name: experimentName(file), file });
  await createConfig(file, text);
  return { file, dataset, model, parameters: plan.parameterCount, next: commandLine(['run', file]) };
}

async function initFor(place: PhotoPlace, { dataset, model, root, init, ...options }: InitOptions) {
  const flags = Object.entries({ dataset, model, root }).filter(([, value]) => value !== undefined);
  if (flags.length > 0) {
    const names = flags.map(([flag]) => `--${flag}`).join(' and ');
    const [template, own] = [model ?? 'resnet18', `${experimentName(place.root)}.yaml`];
    throw new UserError(
      `${names}: expected none beside ${place.root}, for whose images the config is chosen`,
      {
        hint: `Without a look at them: ${commandLine(['init', own, '--dataset', place.type, '--root', place.root, '--model', template])}`,
        exitCode: 2,
      },
    );
  }
  const file = requireYaml(options.file ?? `${experimentName(place.root)}.yaml`);
  // Before any image is looked at.
  if (existsSync(file)) throw existsAlready(file);
  const written = await photoConfig(place, init, { name: experimentName(file), file });
  await createConfig(file, written.text);
  return {
    file,
    dataset: place.type,
    model: written.model,
    parameters: written.plan.parameterCount,
    about: written.about,
    next: commandLine(['run', file]),
  };
}

function requireYaml(file: string): string {
  if (/\.ya?ml$/.test(file)) return file;
  const expected = 'the name of a file that ends in .yaml, or a directory of images';
  const actual = existsSync(file) ? 'another file' : 'neither';
  throw new UserError(`${file}: expected ${expected}, got ${actual}`, {
    hint: `For example: ${commandLine(['init', `${file.replace(/\/+$/, '')}.yaml`])}`,
    exitCode: 2,
  });
}

async function createConfig(file: string, text: string): Promise<void> {
  try {
    await createFile(file, text);
  } catch (error) {
    if (systemErrorCode(error) !== 'EEXIST') throw error;
    throw existsAlready(file);
  }
}

function existsAlready(file: string): UserError {
  return new UserError(`${file}: expected a new file, got one that exists; nothing was changed`, {
    hint: 'Name another file, or remove this one.',
    exitCode: 2,
  });
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

export function initText({ file, dataset, model, parameters, about, next }: InitResult): string {
  const others = (names: object, chosen: string) =>
    alternatives(Object.keys(names).filter((name) => name !== chosen));
  const head = `${file}: ${model} on ${dataset}, ${grouped(parameters)} parameters`;
  if (about) {
    const look = commandLine(['data', file]);
    return [
      head,
      ...about.map((line) => `  ${line}`),
      '',
      `Look at the images: ${look}`,
      `Train it with: ${next}`,
    ].join('\n');
  }
  return [
    head,
    `Other choices: --model ${others(templates, model)}; --dataset ${others(datasets, dataset)}`,
    '',
    `Train it with: ${next}`,
  ].join('\n');
}

/** The name of a file or directory as far as it can be the name of run directories. */
export function experimentName(file: string): string {
  const name = basename(resolve(file))
    .replace(/\.(ya?ml|csv|jsonl|ndjson)$/i, '')
    .replace(/[^A-Za-z0-9._-]/g, '-')
    .replace(/^[^A-Za-z0-9]+/, '')
    .slice(0, 100);
  return name === '' ? 'experiment' : name;
}
