import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadPlan, planFromResolved } from '../../src/config/load_plan.js';
import { formatOrigin } from '../../src/config/located.js';
import { ConfigError } from '../../src/config/problem.js';
import { temporaryDirectory } from '../helpers/temporary_directory.js';
import { MINIMAL, minimalConfig } from './minimal_config.js';

function write(files: Record<string, string>): string {
  const directory = temporaryDirectory();
  for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text);
  return directory;
}

/** The lines of the error, without the directory's name and the count at the end. */
async function mistakes(files: Record<string, string>, sets: string[] = []): Promise<string[]> {
  const directory = write(files);
  try {
    await loadPlan(join(directory, 'a.yaml'), sets);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.message.replaceAll(`${directory}/`, '').split('\n').slice(0, -1);
  }
}

describe('loadPlan', () => {
  it('gives the plan, the text as written, and what set each value', async () => {
    const extension = '# mine\nextends: base.yaml\ntraining: {epochs: 3}\n';
    const directory = write({ 'base.yaml': MINIMAL, 'a.yaml': extension });
    const { plan, origins, source } = await loadPlan(join(directory, 'a.yaml'), [
      'training.batch_size=64',
      'augmentation+={type: random_flip}',
    ]);
    expect(source).toBe(extension);
    expect(plan.config.training).toMatchObject({ epochs: 3, batch_size: 64, shuffle: true });
    expect(plan.config.augmentation).toEqual([{ type: 'random_flip', probability: 0.5 }]);
    const origin = (...path: (string | number)[]) =>
      formatOrigin(origins.of(path)).replace(`${directory}/`, '');
    expect(origin('training', 'epochs')).toBe('a.yaml:3:20');
    expect(origin('training', 'batch_size')).toBe('--set training.batch_size=64');
    expect(origin('training', 'shuffle')).toBe('default');
    expect(origin('model', 'layers', 1, 'units')).toBe('base.yaml:6:39');
    expect(origin('augmentation', 0, 'type')).toBe('--set augmentation+={type: random_flip}');
    expect(origin('seed')).toBe('default');
  });

  it('does not mix the keys of two types', async () => {
    const directory = write({
      'base.yaml': MINIMAL.replace('{type: sgd}', '{type: adam, beta1: 0.8}'),
      'a.yaml': 'extends: base.yaml\noptimizer: {type: sgd, momentum: 0.5}\n',
    });
    const { plan } = await loadPlan(join(directory, 'a.yaml'));
    expect(plan.config.optimizer).toEqual({
      type: 'sgd',
      learning_rate: 0.001,
      momentum: 0.5,
      nesterov: false,
      weight_decay: 0,
    });
  });
});

describe('mistakes', () => {
  it('of the schema: all at once, in every file and --set', async () => {
    const base = MINIMAL.replace('epochs: 2', 'epochs: 0');
    const lines = await mistakes(
      { 'base.yaml': base, 'a.yaml': 'extends: base.yaml\r\nsed: 1\r\noptimizer:\r\n  momentum: 9\r\n' },
      ['training.batchsize=8', 'backend=cuda', 'model.layers.pol.name=x'],
    );
    expect(lines).toEqual([
      expect.stringMatching(
        /^a\.yaml:2:1 sed: expected one of the keys extends, blocks, name, .*, got sed; did you mean seed\?$/,
      ),
      'a.yaml:4:13 optimizer.momentum: expected a number from 0 to 1, got 9',
      'base.yaml:8:20 training.epochs: expected an integer from 1 to 1000000, got 0',
      '--set model.layers.pol.name=x: expected an index from 0 to 1, pool or fc, got "pol"; did you mean pool?',
      '--set training.batchsize=8: expected one of the keys epochs, batch_size, accumulate, shuffle, clip_grad_norm, clip_grad_value, agc, got batchsize; did you mean batch_size?',
      expect.stringMatching(
        /^--set backend=cuda: expected one of auto, .*, got "cuda"; did you mean onnxruntime-cuda\?$/,
      ),
    ]);
  });

  it('a slip of extends: told as such, without what the base would have had; --set cannot have it', async () => {
    expect(await mistakes({ 'a.yaml': 'extend: base.yaml\nseed: -1\n' })).toEqual([
      expect.stringMatching(
        /^a\.yaml:1:1 extend: expected one of the keys extends, .*; did you mean extends\?$/,
      ),
      'a.yaml:2:7 seed: expected an integer from 0 to 4294967295, got -1',
    ]);
    expect(await mistakes({ 'a.yaml': MINIMAL }, ['extend=base.yaml'])).toEqual([
      expect.stringMatching(/^--set extend=base\.yaml: expected one of the keys name, .*, got extend$/),
    ]);
  });

  it('of rules: shown where the value, or the map around a default, was written', async () => {
    const text = MINIMAL.replace('{type: sgd}', '{type: sgd, nesterov: true}').replace('num_classes', '7');
    const lines = await mistakes({ 'a.yaml': `${text}schedule: {type: cosine, warmup_epochs: 3}\n` }, [
      'training.batch_size=8000',
    ]);
    expect(lines).toEqual([
      'a.yaml:6:39 model.layers.1.units: expected 8 outputs, one per class, got 7',
      'a.yaml:7:34 optimizer.nesterov: expected false, or a momentum above 0, got true with momentum 0',
      'a.yaml:9:41 schedule.warmup_epochs: expected at most 2, the epochs of the training, got 3',
      '--set training.batch_size=8000: expected at most 5400, the number of training images, got 8000',
    ]);
  });

  it('of reading come with those of the schema, but not with their consequences', async () => {
    const lines = await mistakes({ 'a.yaml': `${MINIMAL}seed: .nan\nname: twice\nbackend: 3\n` });
    expect(lines).toEqual([
      'a.yaml:9:7: expected a finite number, got NaN',
      'a.yaml:10:1: expected each key once, got a second name',
      expect.stringMatching(/^a\.yaml:11:10 backend: expected one of auto, .*, got 3$/),
    ]);
  });

  it('of reading alone', async () => {
    expect(await mistakes({ 'a.yaml': `${MINIMAL}name: twice\n` })).toEqual([
      'a.yaml:9:1: expected each key once, got a second name',
    ]);
  });

  it('of a file that is not there', async () => {
    await expect(loadPlan('/nowhere/a.yaml')).rejects.toThrow(
      new ConfigError([
        {
          path: [],
          expected: 'a config file',
          actual: 'no such file',
          origin: { kind: 'document', name: '/nowhere/a.yaml' },
        },
      ]),
    );
  });
});

describe('planFromResolved', () => {
  it.each([
    [null, 'plan.json: expected a map, got null'],
    [minimalConfig({ seed: -1 }), 'plan.json seed: expected an integer from 0 to 4294967295, got -1'],
    [
      minimalConfig({ training: { epochs: 1, batch_size: 9999 } }),
      'plan.json training.batch_size: expected at most 5400, the number of training images, got 9999',
    ],
    [JSON.parse('{"__proto__": 1}'), 'plan.json: expected keys of the config, got the reserved __proto__'],
  ])('refuses %j', (value, line) => {
    expect(() => planFromResolved(value, 'plan.json')).toThrow(`${line}\n1 problem in the config`);
  });
});
