import { inspect } from 'node:util';
import { Command, Errors, Flags } from '@oclif/core';
import { ConfigError } from './config/problem.js';
import { nearest } from './config/words.js';
import { Interrupted, UserError } from './errors.js';

/** What commands share: `--json`, and errors with the exit codes of the command line's contract. */
export abstract class BaseCommand extends Command {
  static override enableJsonFlag = true;
  static override baseFlags = {
    json: Flags.boolean({ helpGroup: 'GLOBAL', description: 'print one JSON document on stdout' }),
  };

  /** Users' errors have no stack; those of the program have one. */
  protected override async catch(error: Error): Promise<void> {
    if (error instanceof Errors.CLIError) {
      // oclif believes that --set takes everything after it; it takes one value.
      error.message = error.message.replace(/\n\nNote: .* multiple values\..* arguments\.$/ms, '');
      error.message = error.message.replace(/^Expected --\S+?=(.*) to be one of: (.*)$/m, suggestOption);
      if (!this.jsonEnabled()) throw error; // oclif prints it, and the usage where that helps
    }
    const { text, exitCode, details } = report(error);
    process.exitCode = exitCode;
    process.stderr.write(`${text}\n`);
    if (this.jsonEnabled()) this.logJson({ error: { message: error.message, ...details } });
  }
}

/** oclif lists a flag's options; the nearest one helps more. */
function suggestOption(message: string, word: string, options: string): string {
  const near = nearest(word, options.split(', '));
  return near === undefined ? message : `${message}; did you mean ${near}?`;
}

/** What to print of an error, how to end the process, and what `--json` tells besides the message. */
function report(error: Error): { text: string; exitCode: number; details: object } {
  const { message } = error;
  if (error instanceof Errors.CLIError) {
    return { text: message, exitCode: error.oclif.exit ?? 2, details: {} };
  }
  if (error instanceof Interrupted) return { text: message, exitCode: 130, details: {} };
  if (!(error instanceof UserError)) {
    return { text: inspect(error), exitCode: 1, details: { stack: error.stack } };
  }
  const { hint, exitCode } = error;
  const problems = error instanceof ConfigError ? { problems: error.problems } : {};
  return hint === undefined
    ? { text: message, exitCode, details: problems }
    : { text: `${message}\n${hint}`, exitCode, details: { hint, ...problems } };
}
