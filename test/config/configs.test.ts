import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { experimentJsonSchema } from '../../src/config/json_schema.js';
import { loadPlan } from '../../src/config/load_plan.js';
import { datasetEntry } from '../../src/registry/datasets/index.js';

const files = readdirSync('configs', { recursive: true, encoding: 'utf8' })
  .filter((name) => /\.ya?ml$/.test(name))
  .map((name) => join('configs', name));
const validate = new Ajv({ allowUnionTypes: true, strictTypes: false }).compile(experimentJsonSchema());

const load = async (name: string, ...sets: string[]) => (await loadPlan(`configs/${name}.yaml`, sets)).plan;

it('finds the configs', () => expect(files.length).toBeGreaterThanOrEqual(4));

describe.each(files)('%s', (file) => {
  const text = readFileSync(file, 'utf8');

  it('is valid', async () => {
    const { plan, source } = await loadPlan(file);
    expect(plan.network.layers.at(-1)?.output).toEqual([plan.dataset.classes.length]);
    expect(source).toBe(text);
  });

  it('is valid for an editor, and says so to it', () => {
    expect(validate(parse(text)), JSON.stringify(validate.errors)).toBe(true);
    const depth = file.split(/[\\/]/).length - 1;
    expect(text.split('\n')[0]).toBe(
      `# yaml-language-server: $schema=${'../'.repeat(depth)}schemas/experiment.schema.json`,
    );
  });

  it('is named like its file', async () => {
    expect(file.endsWith(`${(await loadPlan(file)).plan.config.name}.yaml`)).toBe(true);
  });

  it('states the shapes in its comments as they are', async () => {
    const { plan } = await loadPlan(file);
    const layers = [plan.network.layers, ...plan.network.auxiliary.map((head) => head.layers)].flat();
    const stated = text.split('\n').flatMap((line) => {
      const match = /- \{?type: (\w+).*#.*?(\d+(?: × \d+)*)$/.exec(line.trim());
      return match ? [match[2]!] : [];
    });
    const shapes = layers.map((layer) => layer.output.join(' × '));
    expect(shapes).toEqual(expect.arrayContaining(stated));
  });
});

describe('googlenet-cifar10', () => {
  it.each([
    [[], 20_401_988],
    [['input.resize=64'], 2_051_908],
  ])('has the parameters of the model it reproduces: %j', async (sets, parameters) => {
    expect((await load('googlenet-cifar10', ...sets)).parameterCount).toBe(parameters);
  });

  it('has its shapes', async () => {
    const { network } = await load('googlenet-cifar10');
    const shapes = Object.fromEntries(network.layers.map((layer) => [layer.name, layer.output]));
    expect(shapes).toEqual({
      conv1: [64, 110, 110],
      maxpool1: [64, 55, 55],
      conv2: [192, 55, 55],
      maxpool2: [192, 28, 28],
      inception1: [256, 28, 28],
      inception2: [480, 28, 28],
      inception3: [704, 28, 28],
      avgpool: [704],
      fc: [10],
    });
    expect(network.auxiliary).toMatchObject([{ name: 'aux_classifier', after: 'inception3', weight: 0.4 }]);
  });

  it('has its training', async () => {
    const { config, horizon } = await load('googlenet-cifar10');
    expect(config.optimizer).toEqual({
      type: 'adam',
      learning_rate: 0.001,
      beta1: 0.9,
      beta2: 0.999,
      epsilon: 1e-8,
      weight_decay: 0,
    });
    expect(config.training).toMatchObject({ epochs: 10, batch_size: 32, accumulate: 1, shuffle: true });
    expect(config.augmentation).toEqual([]);
    expect(horizon).toEqual({ stepsPerEpoch: 1563, totalSteps: 15_630, warmupSteps: 0 });
  });
});

it('googlenet-cifar10-32 keeps an 8×8 grid for the same Inception modules', async () => {
  const modules = (plan: Awaited<ReturnType<typeof load>>) =>
    plan.network.layers.filter(({ options }) => options.type === 'inception');
  const [large, small] = [
    modules(await load('googlenet-cifar10')),
    modules(await load('googlenet-cifar10-32')),
  ];
  expect(small.map(({ options }) => options)).toEqual(large.map(({ options }) => options));
  expect(small.map(({ output }) => output.slice(1))).toEqual([
    [8, 8],
    [8, 8],
    [8, 8],
  ]);
});

it('googlenet-cifar100-32 is the same for 100 classes', async () => {
  const { network, dataset } = await load('googlenet-cifar100-32');
  expect(dataset.classes).toHaveLength(100);
  expect([network.layers.at(-1)?.output, network.auxiliary[0]?.layers.at(-1)?.output]).toEqual([
    [100],
    [100],
  ]);
});

it.each(['googlenet-cifar10-32', 'googlenet-cifar100-32'])(
  '%s normalizes with the statistics of its data set',
  async (name) => {
    const { config } = await load(name);
    expect(config.input.normalize).toEqual(datasetEntry(config.dataset.type).statistics);
  },
);

it('quickstart is small', async () => {
  const plan = await load('quickstart');
  expect(plan.parameterCount).toBeLessThan(150_000);
  expect(plan.config.dataset.type).toBe('shapes');
  expect(plan.network.auxiliary).toHaveLength(1);
});
