import { existsSync } from 'node:fs';
import { readlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { UserError } from '../errors.js';
import { hasCheckpoint, runPaths } from '../storage/run_directory.js';
import { commandLine, quoted } from '../terminal/command_line.js';
import { notARun } from './not_a_run.js';

/**
 * The checkpoint that a path stands for: itself, or the best one of a run directory.
 * @throws UserError where it is neither, or the run has none yet
 */
export async function checkpointDirectory(source: string): Promise<string> {
  if (existsSync(join(source, 'state.json')) || (await isCheckpointLink(source))) return source;
  const { plan, checkpoints } = runPaths(source);
  if (existsSync(checkpoints) && (await hasCheckpoint(source, 'best'))) return join(checkpoints, 'best');
  if (!existsSync(plan)) throw await notARun(source, 'a run directory or a checkpoint');
  if (!(await hasCheckpoint(source, 'last'))) {
    throw new UserError(`${source}: the run has no checkpoint: neither checkpoints/best nor last is there`, {
      hint: `Train it: ${commandLine(['run', 'CONFIG', '--run-dir', source, '--resume'])}`,
      exitCode: 2,
    });
  }
  throw new UserError(`${source}: the run has no checkpoints/best yet: it comes with the first evaluation`, {
    hint: `Name a checkpoint, such as ${quoted(join(checkpoints, 'last'))}`,
    exitCode: 2,
  });
}

/** A link of gnet's. While a training moves it on, what it leads to may be gone for a moment. */
async function isCheckpointLink(path: string): Promise<boolean> {
  const target = await readlink(path).catch(() => null);
  return target !== null && /^step-\d{8,}(-\d+)?$/.test(target) && ['best', 'last'].includes(basename(path));
}
