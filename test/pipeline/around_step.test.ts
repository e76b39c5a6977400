import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { Interrupted } from '../../src/errors.js';
import { evaluateCheckpoint } from '../../src/inference/evaluate_checkpoint.js';
import { Recorder } from '../../src/pipeline/recorder.js';
import { runExperiment } from '../../src/pipeline/run.js';
import { metricsLines, runResults } from '../helpers/run_results.js';
import { temporaryDirectory } from '../helpers/temporary_directory.js';
import { NORMS, tinyConfig } from '../helpers/tiny_config.js';

afterEach(() => vi.restoreAllMocks());

/** All that lies around a step at once. */
const CONFIG = tinyConfig({
  ...NORMS,
  optimizer: { type: 'sgd', learning_rate: 0.05, momentum: 0.9 },
  training: { epochs: 2, batch_size: 8, accumulate: 2, clip_grad_norm: 0.5 },
  average: { type: 'ema', decay: 0.8 },
});

test('a run that was stopped goes on to the same bits; the average is evaluated, chosen and tested', async () => {
  const directory = temporaryDirectory();
  const config = join(directory, 'around.yaml');
  writeFileSync(config, CONFIG);
  const run = (name: string, resume = false) =>
    runExperiment({ config, sets: [], runDir: join(directory, name), resume, init: undefined, threads: 1 });

  const summary = await run('whole');
  expect(summary.weights).toBe('average');
  const lines = metricsLines(join(directory, 'whole'));
  const evaluations = lines.filter(({ split }) => split === 'test');
  expect(evaluations.map(({ weights }) => weights)).toEqual(['average', 'average']);
  const train = lines.filter(({ split }) => split === 'train');
  expect(train.every(({ gradient_norm }) => Number(gradient_norm) > 0)).toBe(true);

  const { train: record } = Recorder.prototype;
  const spy = vi.spyOn(Recorder.prototype, 'train').mockImplementation(function (this: Recorder, line) {
    record.call(this, line);
    if (line.step === 5) process.emit('SIGINT');
  });
  await expect(run('stopped')).rejects.toThrow(Interrupted);
  spy.mockRestore();
  await run('stopped', true);
  expect(runResults(join(directory, 'stopped'))).toEqual(runResults(join(directory, 'whole')));
  const averageOf = (name: string) =>
    readFileSync(join(directory, name, 'checkpoints/last/average.safetensors'));
  expect(averageOf('stopped').equals(averageOf('whole'))).toBe(true);

  const source = join(directory, 'whole', 'checkpoints', 'last');
  const options = { source, split: 'test', backend: undefined, threads: 1 } as const;
  const averaged = await evaluateCheckpoint(options);
  expect(averaged).toMatchObject({ weights: 'average', loss: evaluations[1]!.loss });
  const trained = await evaluateCheckpoint({ ...options, weights: 'trained' });
  expect(trained.weights).toBe('trained');
  expect(Math.abs(trained.loss - averaged.loss)).toBeGreaterThan(1e-4);
});
