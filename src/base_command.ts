import { inspect } from 'node:util';
import { Command, Errors, Flags, ux } from '@oclif/core';
import { ConfigError } from './config/problem.js';
import { Interrupted, UserError } from './errors.js';
import { outputJson, outputText } from './terminal/output_text.js';
import { type Usage, usageError } from './usage_error.js';

/** What commands share: `--json`, and errors with the exit codes of the command line's contract. */
export abstract class BaseCommand extends Command {
  static override enableJsonFlag = true;
  static override baseFlags = {
    json: Flags.boolean({ helpGroup: 'GLOBAL', description: 'print one JSON document on stdout' }),
  };

  /** What commands print goes through here and `logJson`, what stages print through the screen: escaped. */
  override log(message = ''): void {
    super.log(outputText(message));
  }

  override logJson(json: unknown): void {
    ux.stdout(outputJson(json));
  }

  /** Users' errors have no stack; those of the program have one. */
  protected override async catch(error: Error): Promise<void> {
    const { text, exitCode, details } = report(
      error instanceof Errors.CLIError ? this.usageError(error) : error,
    );
    process.exitCode = exitCode;
    process.stderr.write(`${outputText(text)}\n`);
    if (this.jsonEnabled()) this.logJson({ error: details });
  }

  private usageError(error: Errors.CLIError): UserError {
    const command = [this.config.bin, ...(this.id ?? '').split(':')].join(' ');
    return usageError(error, { command, flags: this.ctor.flags as Usage['flags'] });
  }
}

/** What to print of an error, how to end the process, and what `--json` tells. */
function report(error: Error): { text: string; exitCode: number; details: object } {
  const { message } = error;
  if (error instanceof Interrupted) return { text: message, exitCode: 130, details: { message } };
  if (!(error instanceof UserError)) {
    const text = `${inspect(error)}\nThis is an internal error of gnet: please report it with the lines above.`;
    return { text, exitCode: 1, details: { message, stack: error.stack } };
  }
  const { hint, exitCode } = error;
  const problems = error instanceof ConfigError ? { problems: error.problems } : {};
  return hint === undefined
    ? { text: message, exitCode, details: { message, ...problems } }
    : { text: `${message}\n${hint}`, exitCode, details: { message, hint, ...problems } };
}
