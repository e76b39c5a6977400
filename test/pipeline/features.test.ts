import { existsSync, mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, test, vi } from 'vitest';
import { frozenPrefix, prefixPlan } from '../../src/config/frozen_prefix.js';
import { openSplits } from '../../src/data/open.js';
import { planeBytes, type Source } from '../../src/data/source.js';
import { Interrupted } from '../../src/errors.js';
import { stateOf } from '../../src/model/frozen_part.js';
import { initialState } from '../../src/model/state.js';
import { type FeatureRequest, openFeatures } from '../../src/pipeline/features.js';
import { runExperiment } from '../../src/pipeline/run.js';
import { readCheckpoint } from '../../src/storage/checkpoints.js';
import { shown } from '../helpers/plain_stages.js';
import { extractors } from '../helpers/programs.js';
import { metricsLines } from '../helpers/run_results.js';
import { temporaryDirectory } from '../helpers/temporary_directory.js';
import { tinyConfig } from '../helpers/tiny_config.js';
import { tinyPlan } from '../helpers/tiny_plan.js';

vi.mock('../../src/terminal/screen.js', () => import('../helpers/plain_stages.js'));

const LAYERS = [
  { type: 'conv', name: 'conv1', filters: 4, kernel: 3, stride: 2, activation: 'relu' },
  { type: 'max_pool', kernel: 2 },
  { type: 'global_avg_pool' },
  { type: 'linear', name: 'fc', units: 'num_classes' },
];
const FROZEN = {
  model: { layers: LAYERS, auxiliary: [] },
  augmentation: [],
  parameter_groups: [{ match: ['conv1.*'], frozen: true }],
};
/** An auxiliary head that counts nothing reads below the frozen layer: nothing is cached, and all else is the same. */
const UNCACHED = {
  ...FROZEN,
  model: {
    layers: LAYERS,
    auxiliary: [
      {
        name: 'aux',
        after: 'conv1',
        weight: 0,
        layers: [{ type: 'global_avg_pool' }, { type: 'linear', name: 'fc', units: 'num_classes' }],
      },
    ],
  },
};

let directory: string;
beforeEach(() => {
  directory = temporaryDirectory();
  shown.length = 0;
});

async function run(name: string, changes: object, backend: string) {
  const config = join(directory, `${name}.yaml`);
  writeFileSync(config, tinyConfig({ ...changes, backend } as Record<string, unknown>));
  const runDir = join(directory, name);
  await runExperiment({ config, sets: [], runDir, resume: false, init: undefined, threads: 1 });
  const losses = metricsLines(runDir).map((line) => ('main_loss' in line ? line.main_loss : line.loss));
  return { losses: losses as number[], runDir };
}

test.each(['onnxruntime-cpu', 'wasm'])(
  'a run on %s gives the losses of one that computes all layers in each step',
  async (backend) => {
    const cached = await run('cached', FROZEN, backend);
    expect(shown.join('\n')).toMatch(/Features: [\d,]+ images behind global_avg_pool-2, .*, computed once/);
    expect(existsSync(join(cached.runDir, 'features'))).toBe(false);
    const whole = await run('whole', UNCACHED, backend);
    expect(shown.join('\n')).toContain('Features, skipped: computed anew in each epoch; aux reads conv1');
    expect(cached.losses.length).toBe(whole.losses.length);
    for (const [index, loss] of whole.losses.entries())
      expect(Math.abs(cached.losses[index]! - loss)).toBeLessThanOrEqual(1e-5 * Math.abs(loss));
    const { tensors } = await readCheckpoint(join(cached.runDir, 'checkpoints', 'last'));
    expect([...tensors.keys()]).toEqual(['conv1.weight', 'conv1.bias', 'fc.weight', 'fc.bias']);
  },
);

async function request(changes: Partial<FeatureRequest> = {}) {
  const whole = tinyPlan(FROZEN);
  const plan = prefixPlan(whole, frozenPrefix(whole).cached);
  const weights = stateOf(plan.network, initialState(whole));
  let opened = 0;
  const open = (): Promise<FeaturesOf> => {
    opened++;
    return extractors['onnxruntime-cpu'](plan, weights);
  };
  type FeaturesOf = Awaited<ReturnType<(typeof extractors)['onnxruntime-cpu']>>;
  const asked: FeatureRequest = {
    plan,
    weights,
    data: await openSplits(whole),
    backend: 'onnxruntime-cpu',
    directory: join(directory, 'features'),
    openExtractor: open,
    output: { progress: () => {}, line: () => {} },
    stopRequested: async () => false,
    ...changes,
  };
  const features = await openFeatures(asked).finally(() => {});
  const train = await features.inputs.train.read(Uint32Array.from([3, 0, 1]));
  await features.close();
  return { features, train, opened };
}

test('features are read again while all that they depend on is the same, and nothing else', async () => {
  const first = await request();
  expect(first.features.computed).toBe(first.features.count);
  const again = await request();
  expect([again.features.computed, again.opened]).toEqual([0, 0]);
  expect(again.train).toEqual(first.train);

  const whole = tinyPlan(FROZEN);
  const plan = prefixPlan(whole, frozenPrefix(whole).cached);
  const weights = stateOf(plan.network, initialState(whole));
  weights.parameters.get('conv1.bias')!.data[0]! += 1;
  expect((await request({ weights })).features.computed).toBe(first.features.count);
  const normalize = { mean: [0.1], std: [0.5] };
  const input = { ...plan.config.input, normalize };
  const other = { ...plan, config: { ...plan.config, input } };
  expect((await request({ plan: other })).features.computed).toBe(first.features.count);
  expect((await request({ backend: 'wasm' })).features.computed).toBe(first.features.count);
});

test('an image that has changed gets other features, in its own split only', async () => {
  const first = await request();
  const { train, validation, test: held } = await openSplits(tinyPlan(FROZEN));
  const changed: Source = {
    ...train,
    read: async (indices) => {
      const pixels = await train.read(indices);
      const at = indices.indexOf(3);
      if (at >= 0) pixels[at * planeBytes(train.image)]! ^= 1;
      return pixels;
    },
  };
  const again = await request({ data: { train: changed, validation, test: held } });
  expect(again.features.computed).toBe(train.count);
  expect(again.train).not.toEqual(first.train);
});

test('a file that is damaged or cut is computed again, one half written is never read', async () => {
  const first = await request();
  const { train } = (await request()).features.inputs;
  const file = join(directory, 'features', 'train');
  const whole = readFileSync(file);
  for (const place of [0, 40, whole.length - 1]) {
    const damaged = Buffer.from(whole);
    damaged[place]! ^= 1;
    writeFileSync(file, damaged);
    const mended = await request();
    expect(mended.features.computed).toBe(train.count);
    expect(readFileSync(file)).toEqual(whole);
    expect(mended.train).toEqual(first.train);
  }
  truncateSync(file, whole.length - 5);
  expect((await request()).features.computed).toBe(train.count);
});

test('a user who stops leaves no file behind', async () => {
  await expect(request({ stopRequested: async () => true })).rejects.toBeInstanceOf(Interrupted);
  mkdirSync(join(directory, 'features'), { recursive: true });
  expect(existsSync(join(directory, 'features', 'train'))).toBe(false);
});
