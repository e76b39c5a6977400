import { Args } from '@oclif/core';
import { BaseCommand } from '../base_command.js';
import { setFlag } from '../flags.js';
import type { ValidationReport } from '../pipeline/validate.js';

export default class Validate extends BaseCommand {
  static override description =
    'Check configs: every mistake of every file, with its line and column. Exit code 2 if there is one.';
  static override examples = ['<%= config.bin %> validate configs/*.yaml'];
  static override strict = false;
  static override args = {
    config: Args.string({ required: true, description: 'YAML files of experiments' }),
  };
  static override flags = { set: setFlag };

  override async run(): Promise<ValidationReport> {
    const { argv, flags } = await this.parse(Validate);
    const { validateConfigs } = await import('../pipeline/validate.js');
    const report = await validateConfigs(argv as string[], flags.set ?? []);
    for (const { text } of report.files) this.log(text);
    if (report.mistakes > 0) process.exitCode = 2;
    return report;
  }
}
