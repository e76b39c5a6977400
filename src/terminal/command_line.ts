import { basename, relative } from 'node:path';

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
