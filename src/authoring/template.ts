import { readFile } from 'node:fs/promises';
import { dirname, relative, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import {
  Document,
  isCollection,
  isMap,
  isSeq,
  type Node,
  parseDocument,
  type Scalar,
  visit,
  type YAMLMap,
} from 'yaml';
import { describeKey } from '../config/explain.js';
import { BLOCKS } from '../config/json_schema.js';
import { loadPlan } from '../config/load_plan.js';
import { type KeyPath, wholeTree } from '../config/network.js';
import type { Plan } from '../config/resolve.js';
import { printable, shorten } from '../config/words.js';
import { type DatasetType, datasetEntry } from '../registry/datasets/index.js';
import { experimentSchema } from '../registry/experiment.js';
import { datasetOptions } from './dataset_options.js';

/** Networks to start from: each is the `model` of a config of this package, which also gives the hyperparameters. */
export const templates = {
  googlenet: {
    config: 'googlenet-cifar10.yaml',
    summary: 'GoogLeNet for images enlarged to 224×224',
    /** The config resizes by itself. */
    size: 224,
  },
  'googlenet-32': {
    config: 'googlenet-cifar10-32.yaml',
    summary: 'GoogLeNet for images of 32×32, with a smaller stem',
  },
  resnet18: {
    config: 'resnet18-cifar10.yaml',
    summary: 'ResNet-18 for images of 32×32, written with blocks',
  },
  small: {
    config: 'quickstart.yaml',
    summary: 'two small Inception modules, which train within minutes',
  },
} as const;

export type TemplateName = keyof typeof templates;

/** Height and width that files are resized to for networks which were written for images of that size. */
const FILES_SIZE = 32;
const PACKAGE = new URL('../../', import.meta.url);
/** Comments longer than this stand above the line that they explain. */
const LONGEST_BESIDE = 90;
const LINE_WIDTH = 110;
/** Marks comments that are to be aligned; no text of a config can hold it. */
const BESIDE = '\u0001 ';

/** A config to start from, every key but those of layers and blocks written out and explained by the schema's own words. */
export async function fillTemplate(options: {
  readonly model: TemplateName;
  readonly dataset: DatasetType;
  /** The directory of your own images, or the file that lists them; undefined for other data sets. */
  readonly root: string | undefined;
  readonly name: string;
  /** Where the text will be kept: an editor looks for the schema from there. */
  readonly file: string;
}): Promise<{ text: string; plan: Plan }> {
  const { model, dataset, root, name, file } = options;
  const template = templates[model];
  return commentedConfig({
    base: template.config,
    keys: {
      name,
      dataset: datasetOptions(dataset, root),
      'input.normalize': datasetEntry(dataset).statistics,
      ...(root === undefined || 'size' in template ? {} : { 'input.resize': FILES_SIZE }),
    },
    about: [`${model}: ${template.summary}; data set: ${dataset}.`],
    file,
  });
}

/** A config of this package with other values, every key but those of layers and blocks written out and explained. */
export async function commentedConfig(options: {
  /** Its file in `configs/`, which extends no other. */
  readonly base: string;
  /** Values by the names of their keys, in place of the file's. */
  readonly keys: Readonly<Record<string, unknown>>;
  /** What stands at the top. */
  readonly about: readonly string[];
  /** Where the text will be kept: an editor looks for the schema from there. */
  readonly file: string;
}): Promise<{ text: string; plan: Plan }> {
  const base = fileURLToPath(new URL(`configs/${options.base}`, PACKAGE));
  const sets = Object.entries(options.keys).map(([key, value]) => `${key}=${JSON.stringify(value)}`);
  const { plan } = await loadPlan(base, sets);
  const keys = Object.keys(experimentSchema.properties) as (keyof Plan['config'])[];
  const document = new Document(Object.fromEntries(keys.map((key) => [key, plan.config[key]])));
  // As it is written there: a layer has the options that are not the default.
  const written = withoutComments(parseDocument(await readFile(base, 'utf8')).contents) as Entries;
  document.set('model', written.get('model', true));
  const map = document.contents as unknown as Entries;
  annotate(map, [], plan);
  const blocks = written.items.find(({ key }) => key.value === 'blocks');
  if (blocks) {
    blocks.key.spaceBefore = true;
    blocks.key.commentBefore = wrapped(BLOCKS.description);
    map.items.splice(keys.indexOf('model'), 0, blocks);
  }
  document.commentBefore = [
    ` yaml-language-server: $schema=${schemaReference(options.file)}`,
    '',
    ...options.about.map((line) => wrapped(printable(line))),
    ...[
      ['validate', 'every mistake at once, with its line and column'],
      ['describe', 'the layers with their shapes'],
      ['explain', 'each value, what set it; with a KEY, what it means and accepts'],
      ['run', 'train; --set training.epochs=2 changes a key for one run'],
    ].map(([command, text]) => `   gnet ${command!.padEnd(8)} ${shorten(options.file, 200)}   ${text}`),
  ].join('\n');
  const text = document.toString({ lineWidth: 0, flowCollectionPadding: false });
  return { text: aligned(text), plan };
}

/**
 * The schema as an editor finds it from a config: relative where it lies below the current directory (this package's own
 * checkout, or one installed beside the config), so that a project can be moved; else as a file: address.
 */
export function schemaReference(
  file: string,
  schema = new URL('schemas/experiment.schema.json', PACKAGE),
): string {
  const path = fileURLToPath(schema);
  const way = relative(dirname(resolve(file)), path).replaceAll('\\', '/');
  const isBelow = !relative(process.cwd(), path).startsWith('..');
  // Editors read up to the first space, and take # for the start of a fragment.
  return isBelow && /^[\w./@-]+$/.test(way) ? way : pathToFileURL(path).href;
}

function withoutComments(node: unknown): unknown {
  visit(node as Node, {
    Node: (_key, each) => {
      each.comment = null;
      each.commentBefore = null;
      each.spaceBefore = false;
    },
  });
  return node;
}

type Entries = YAMLMap<Scalar<string>, Node>;

/** Puts a comment at each key of a map, and sets off the keys of the whole config by empty lines. */
function annotate(map: Entries, path: KeyPath, plan: Plan): void {
  for (const [index, { key, value }] of map.items.entries()) {
    const at = [...path, key.value];
    const comment = commentOf(at, plan);
    key.spaceBefore = path.length === 0 && index > 0;
    if (isCollection(value) || comment.length > LONGEST_BESIDE) key.commentBefore = wrapped(comment);
    else value!.comment = `${BESIDE}${comment}`;
    if (isMap(value)) annotate(value as Entries, at, plan);
    if (isSeq(value)) {
      value.flow = !value.items.some(isMap);
      annotateItems(value.items as Node[], at, plan);
    }
  }
}

function commentOf(path: KeyPath, { config }: Plan): string {
  const { description, accepts } = describeKey(config, path);
  if (path.at(-1) === 'type') return accepts;
  if (path.join('.') !== 'model.layers') return description;
  const each = describeKey(config, [...path, 0]).accepts;
  return `${description} Each is ${each}; beside it, what it makes of one image: channels × height × width.`;
}

function annotateItems(items: readonly Node[], path: KeyPath, plan: Plan): void {
  for (const [index, item] of items.entries()) {
    if (isMap(item) && isStack(path)) showShapes(item as Entries, [...path, index], plan);
    else if (isMap(item)) annotate(item as Entries, [...path, index], plan);
  }
}

function isStack(path: KeyPath): boolean {
  return path[0] === 'model' && (path.at(-1) === 'layers' || path.at(-1) === 'shortcut');
}

/** Shows what a layer, and each layer inside it, makes of one image. */
function showShapes(layer: Entries, path: KeyPath, plan: Plan): void {
  const { output } = wholeTree(plan.network).find((each) => each.path.join('.') === path.join('.'))!;
  const shape = `${BESIDE}${output.join(' × ')}`;
  if (layer.flow) layer.comment = shape;
  else layer.items[0]!.value!.comment = shape;
  showInner(layer, path, plan);
}

function showInner(map: Entries, path: KeyPath, plan: Plan): void {
  for (const { key, value } of map.items) {
    if (!isSeq(value)) continue;
    const at = [...path, key.value];
    for (const [index, item] of value.items.entries()) {
      if (!isMap(item)) continue;
      if (isStack(at)) showShapes(item as Entries, [...at, index], plan);
      else showInner(item as Entries, [...at, index], plan);
    }
  }
}

/** The text in lines, each ready to stand behind a #. */
function wrapped(text: string): string {
  const lines = [''];
  for (const word of text.split(' ')) {
    if (`${lines.at(-1)} ${word}`.length > LINE_WIDTH - 10) lines.push('');
    lines[lines.length - 1] += ` ${word}`;
  }
  return lines.join('\n');
}

/** Lets the comments of lines that follow each other begin in one column. */
function aligned(text: string): string {
  const lines = text.split('\n').map((line) => line.split(`#${BESIDE}`) as [string, string?]);
  return lines
    .map(([code, comment], index) => {
      if (comment === undefined) return code;
      let [first, last] = [index, index];
      while (lines[first - 1]?.[1] !== undefined) first--;
      while (lines[last + 1]?.[1] !== undefined) last++;
      const width = Math.max(...lines.slice(first, last + 1).map(([each]) => each.trimEnd().length));
      return `${code.trimEnd().padEnd(width)}  # ${comment}`;
    })
    .join('\n');
}
