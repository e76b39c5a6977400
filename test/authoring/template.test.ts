import { readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { fillTemplate, schemaReference, type TemplateName, templates } from '../../src/authoring/template.js';
import { experimentJsonSchema } from '../../src/config/json_schema.js';
import { type DatasetType, datasetEntry, datasets } from '../../src/registry/datasets/index.js';
import { experimentSchema } from '../../src/registry/experiment.js';
import { writePhotos } from '../helpers/photos.js';
import { temporaryDirectory } from '../helpers/temporary_directory.js';

const known = (Object.keys(datasets) as DatasetType[]).filter((type) => datasetEntry(type).kind !== 'files');
const combinations = (Object.keys(templates) as TemplateName[]).flatMap((model) =>
  known.map((dataset) => [model, dataset] as const),
);
const validate = new Ajv({ allowUnionTypes: true, strictTypes: false }).compile(experimentJsonSchema());
const fill = (model: TemplateName, dataset: DatasetType, file = 'x.yaml') =>
  fillTemplate({ model, dataset, name: 'x', file, root: undefined });

describe.each(combinations)('%s on %s', (model, dataset) => {
  const filled = fill(model, dataset);

  it('is the network of the config that it comes from, with the outputs and statistics of the data set', async () => {
    const written = parse((await filled).text) as Record<string, Record<string, unknown>>;
    const source = parse(readFileSync(join('configs', templates[model].config), 'utf8')) as typeof written;
    expect(written.model).toEqual(source.model);
    expect(written.blocks).toEqual(source.blocks);
    expect(written.optimizer).toMatchObject(source.optimizer!);
    expect(written.training).toMatchObject(source.training!);
    expect(written.input!.resize).toBe(source.input?.resize ?? null);
    expect(written).toMatchObject({ name: 'x', dataset: { type: dataset } });
    expect(written.input!.normalize).toEqual(datasetEntry(dataset).statistics);
    const { network } = (await filled).plan;
    expect(network.layers.at(-1)!.output).toEqual([(await filled).plan.dataset.classes.length]);
    expect(written.dataset!.validation).toBe(0.1);
  });

  it('has every key, and is valid for an editor', async () => {
    const written = parse((await filled).text) as object;
    const keys = Object.keys(experimentSchema.properties);
    if (model === 'resnet18') keys.splice(keys.indexOf('model'), 0, 'blocks');
    expect(Object.keys(written)).toEqual(keys);
    expect(validate(written), JSON.stringify(validate.errors)).toBe(true);
  });

  it('has a comment for every key but those of layers and blocks', async () => {
    const lines = (await filled).text.replace(/^blocks:\n(?: .*\n|\n)+/m, '').split('\n');
    for (const [index, line] of lines.entries()) {
      if (!/^ *(- )?\w+:/.test(line) || /^ {6,}((name|conv\w+): \S+|layers:)$/.test(line)) continue;
      expect(line.includes(' # ') || lines[index - 1]!.trim().startsWith('# '), line).toBe(true);
    }
    expect((await filled).text).not.toMatch(/[^\P{Cc}\n]/u);
  });
});

it.each([
  ['googlenet', 224],
  ['small', 32],
] as const)('%s on a folder resizes its images to %i', async (model, size) => {
  const root = join(temporaryDirectory(), 'my photos');
  await writePhotos(root, ['cat', 'dog'], 40);
  const { text, plan } = await fillTemplate({
    model,
    dataset: 'image_folder',
    root,
    name: 'x',
    file: 'x.yaml',
  });
  const written = parse(text) as typeof plan.config;
  expect(validate(written), JSON.stringify(validate.errors)).toBe(true);
  expect(written.dataset).toMatchObject({ type: 'image_folder', root, validation: null, test: null });
  expect(written.input.resize).toBe(size);
  expect(plan.dataset.classes).toEqual(['cat', 'dog']);
});

it('shows the shape of each layer', async () => {
  const { text } = await fill('googlenet-32', 'cifar100');
  expect(text).toMatch(/name: conv1, .*\} +# 64 × 16 × 16\n/);
  expect(text).toMatch(/- type: inception +# 256 × 8 × 8\n +name: inception1\n/);
  expect(text).toMatch(/name: fc, units: num_classes\} +# 100\n/);
  expect(text).toMatch(/name: flatten\} +# 512\n/);
});

it('shows the shapes of nested layers, and of what uses a block', async () => {
  const { text } = await fill('resnet18', 'cifar10');
  const model = text.slice(text.indexOf('\nmodel:'));
  const shapes = (line: RegExp) => [...model.matchAll(line)].map(([, shape]) => shape);
  expect(shapes(/- type: sequential +# (.+)\n +name: layer1\n/g)).toEqual(['64 × 32 × 32']);
  expect(shapes(/^ {8}- \{type: basic, .*\} +# (.+)$/gm)).toEqual(['64 × 32 × 32', '64 × 32 × 32']);
  expect(shapes(/- \{type: halving, .*\} +# (.+)$/gm)).toEqual([
    '128 × 16 × 16',
    '256 × 8 × 8',
    '512 × 4 × 4',
  ]);
  expect(shapes(/- \{type: linear, .*\} +# (.+)$/gm)).toEqual(['10']);
});

it('writes blocks as they are, in front of the model, and says what they are', async () => {
  const { text } = await fill('resnet18', 'cifar10');
  expect(text).toMatch(/\n\n# Layers that this config names for itself: .*\nblocks:\n {2}basic:\n/);
  const blocks = text.slice(text.indexOf('\nblocks:'), text.indexOf('\nmodel:'));
  expect(blocks).toContain('filters: $filters, kernel: 3, stride: $stride,');
  expect(blocks.replace(/\n#[^\n]*/g, '')).not.toContain('# ');
});

it('begins comments of neighbouring lines in one column', async () => {
  const { text } = await fill('small', 'shapes');
  expect(text).toContain(`training:
  epochs: 8       # Passes over the training images.
  batch_size: 32  # Images an update; the last batch of an epoch may be smaller.
`);
});

it('names the schema in its first line, and shows a file name on one line', async () => {
  const { text } = await fill('small', 'shapes', 'a\nb.yaml');
  expect(text.split('\n')[0]).toBe('# yaml-language-server: $schema=schemas/experiment.schema.json');
  expect(text).toContain('gnet run      a\\x0ab.yaml ');
});

describe('schemaReference', () => {
  it.each([
    ['x.yaml', 'schemas/experiment.schema.json'],
    ['configs/x.yaml', '../schemas/experiment.schema.json'],
    ['./a/../b/c/x.yaml', '../../schemas/experiment.schema.json'],
  ])('%s: %s', (file, reference) => expect(schemaReference(file)).toBe(reference));

  it('of a package installed beside the config is relative', () => {
    const installed = pathToFileURL(resolve('node_modules/gnet/schemas/experiment.schema.json'));
    expect(schemaReference('x.yaml', installed)).toBe('node_modules/gnet/schemas/experiment.schema.json');
  });

  it.each([
    ['of one installed elsewhere', 'x.yaml', '/usr/lib/a b/schema.json', 'file:///usr/lib/a%20b/schema.json'],
    [
      'behind a name with a space',
      'x.yaml',
      resolve('a b#/schema.json'),
      `${pathToFileURL(resolve('a b#/schema.json'))}`,
    ],
    [
      'of a config elsewhere is relative still',
      relative('.', '/x.yaml'),
      resolve('s.json'),
      resolve('s.json').slice(1),
    ],
  ])('%s', (_, file, schema, reference) =>
    expect(schemaReference(file, pathToFileURL(schema))).toBe(reference),
  );
});
