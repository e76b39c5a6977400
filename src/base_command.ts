import { Command } from '@oclif/core';
import { ConfigError } from './config/problem.js';
import { Interrupted, UserError } from './errors.js';

/** What commands share: `--json`, and errors with the exit codes of the command line's contract. */
export abstract class BaseCommand extends Command {
  static override enableJsonFlag = true;

  /** Users' errors have no stack; those of the program have one. */
  protected override async catch(error: Error & { exitCode?: number }): Promise<void> {
    const known = error instanceof Interrupted || error instanceof UserError;
    if (!known) return super.catch(error);
    const hint = error instanceof UserError ? error.hint : undefined;
    process.exitCode = error instanceof UserError ? error.exitCode : 130;
    process.stderr.write(`${error.message}\n${hint === undefined ? '' : `${hint}\n`}`);
    if (!this.jsonEnabled()) return;
    const problems = error instanceof ConfigError ? { problems: error.problems } : {};
    this.logJson({ error: { message: error.message, ...(hint !== undefined && { hint }), ...problems } });
  }
}
