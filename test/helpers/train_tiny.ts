import { writeFileSync } from 'node:fs';
import { runExperiment } from '../../src/pipeline/run.js';
import { tinyConfig } from './tiny_config.js';

/**
 * Trains the tiny config, with some of its keys replaced, into a run directory. So small a learning rate leaves the
 * first evaluation the best: checkpoints/best is that of step 7, last that of step 14.
 */
export async function trainTiny(
  runDir: string,
  changes: Readonly<Record<string, unknown>> = {},
): Promise<void> {
  const config = `${runDir}.yaml`;
  writeFileSync(config, tinyConfig({ optimizer: { type: 'adam', learning_rate: 1e-6 }, ...changes }));
  await runExperiment({ config, sets: [], runDir, resume: false, init: undefined, threads: 1 });
}
