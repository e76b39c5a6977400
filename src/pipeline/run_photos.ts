import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { experimentName } from '../authoring/init.js';
import type { PhotoPlace } from '../authoring/look_at_photos.js';
import { photoConfig } from '../authoring/photo_config.js';
import type { RunSummary } from '../runs/summary.js';
import { findLatestRun, RUNS, runPaths } from '../storage/run_directory.js';
import { type RunOptions, runExperiment } from './run.js';

/**
 * Trains on images without a config: one is written for them, as `gnet init` does it, and left in the run. A run that goes
 * on takes that one, whatever the images are like by now.
 * @throws as `runExperiment`, and as `gnet init` does of images
 */
export async function runPhotos(place: PhotoPlace, options: Omit<RunOptions, 'config'>): Promise<RunSummary> {
  const name = experimentName(place.root);
  if (options.resume) {
    const directory = options.runDir ?? (await findLatestRun(RUNS, name))?.directory;
    const config = directory === undefined ? undefined : runPaths(directory).config;
    if (config !== undefined && existsSync(config)) return runExperiment({ ...options, config });
  }
  const temporary = await mkdtemp(join(tmpdir(), 'gnet-'));
  try {
    const config = join(temporary, 'config.yaml');
    // Weights are named by their whole path: the run keeps the config elsewhere.
    const weights = options.init === undefined ? undefined : resolve(options.init);
    const file = runPaths(options.runDir ?? join(RUNS, name)).config;
    const { text, about } = await photoConfig(place, weights, { name, file });
    for (const line of about) process.stderr.write(`${line}\n`);
    await writeFile(config, text);
    return await runExperiment({ ...options, config, init: weights, configIsKept: false });
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}
