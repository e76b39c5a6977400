import { stripVTControlCharacters } from 'node:util';
import type { Errors } from '@oclif/core';
import { suggestion } from './config/words.js';
import { UserError } from './errors.js';

/** The command whose arguments are wrong. */
export interface Usage {
  /** As the user writes it: `gnet run`. */
  readonly command: string;
  /** Its flags by their names without dashes, and the words that they take where those are fixed. */
  readonly flags: Readonly<Record<string, { readonly options?: readonly string[] | undefined }>>;
}

/** What oclif finds wrong with a command line, in the words of gnet's other errors: subject, expected, actual, next step. */
export function usageError(error: Errors.CLIError, usage: Usage): UserError {
  const text = stripVTControlCharacters(error.message)
    .replace(/\nSee more help with --help$/, '')
    // oclif believes that a flag that can be repeated takes everything after it; it takes one value.
    .replace(/\n\nNote: .* multiple values\..* arguments\.$/s, '');
  const hint = `${usage.command} --help lists arguments and flags.`;
  return new UserError(inOwnWords(text, error, usage), { hint, exitCode: 2, cause: error });
}

/** Keys of configs that other programs have flags for. */
const KEYS_AS_FLAGS: ReadonlyMap<string, string> = new Map([
  ['--epochs', 'training.epochs'],
  ['--batch-size', 'training.batch_size'],
  ['--lr', 'optimizer.learning_rate'],
  ['--learning-rate', 'optimizer.learning_rate'],
  ['--seed', 'seed'],
]);

function inOwnWords(text: string, error: Errors.CLIError, { command, flags }: Usage): string {
  if (text.startsWith('Missing ')) {
    return argumentsOf(error)
      .map(
        ({ name, description }) => `${name.toUpperCase()}: expected ${description ?? 'a value'}, got nothing`,
      )
      .join('\n');
  }
  const [, unexpected] = /^Unexpected arguments?: (.*)$/s.exec(text) ?? [];
  if (unexpected !== undefined) return `${command}: expected no further argument, got ${unexpected}`;
  const [, unknown] = /^Nonexistent flags?: (.*)$/s.exec(text) ?? [];
  if (unknown !== undefined) {
    const known = Object.keys(flags).map((flag) => `--${flag}`);
    const unknownFlag = (flag: string) => {
      const key = KEYS_AS_FLAGS.get(flag);
      const hint =
        key && 'set' in flags ? `; it is a key of configs: --set ${key}=…` : suggestion(flag, known);
      return `${flag}: expected a flag of ${command}${hint}`;
    };
    return unknown.split(', ').map(unknownFlag).join('\n');
  }
  return text
    .replace(/^Flag (--\S+) expects a value$/, '$1: expected a value, got nothing')
    .replace(/^Flag (--\S+) expects one of these values: (.*)$/s, '$1: expected one of $2, got nothing')
    .replace(/^Parsing (--\S+)\s+Expected (.*) but received: (.*)$/s, '$1: expected $2, got $3')
    .replace(/^Expected (?:(--[^=\s]+)=)?(.*) to be one of: (.*)$/s, (_, flag, word, options) => {
      const subject = flag === undefined ? word : `${flag} ${word}`;
      return `${subject}: expected one of ${options}${suggestion(word, options.split(', '))}`;
    })
    .replace(/^The following errors? occurred:\s+/, '')
    .replace(/^\s*Missing required flag (\S+)$/gm, (_, flag) => {
      const options = flags[flag]?.options;
      return `--${flag}: expected ${options ? `one of ${options.join(', ')}` : 'a value'}, got nothing`;
    })
    .replace(/^(--\S+)=true cannot/, '$1 cannot');
}

/** The arguments that an error of oclif is about. */
function argumentsOf(error: Errors.CLIError): readonly { name: string; description?: string }[] {
  return (error as { args?: readonly { name: string; description?: string }[] }).args ?? [];
}
