import { basename, relative } from 'node:path';
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

/** A command line of this program, called as this process was, for a POSIX shell. */
export function commandLine(words: readonly string[]): string {
  return [...programName(), ...words].map(quoted).join(' ');
}

/** How this process was called. */
function programName(): string[] {
  if (process.env.npm_command === 'exec') return ['npx', 'gnet'];
  const script = process.argv[1] ?? '';
  return basename(script) === 'run.js' ? ['node', relative(process.cwd(), script)] : ['gnet'];
}

/** The word as a POSIX shell reads it back. */
export function quoted(word: string): string {
  return /^[\w./:=@%+,-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
