import { commandLine } from '../terminal/command_line.js';
import type { RunOptions } from './run.js';

/** The command line that goes on with an interrupted run, for a POSIX shell. */
export function resumeCommand(
  { config, sets, threads }: Pick<RunOptions, 'config' | 'sets' | 'threads'>,
  directory: string,
): string {
  const words = ['run', config, ...sets.flatMap((set) => ['--set', set]), '--run-dir', directory, '--resume'];
  // The number of threads decides how sums are split, and so their last bits.
  if (threads !== 0) words.push('--threads', String(threads));
  return commandLine(words);
}
