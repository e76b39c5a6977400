import { Args } from '@oclif/core';
import type { ValidationReport } from '../authoring/validate.js';
import { BaseCommand } from '../base_command.js';
import { setFlag } from '../flags.js';

export default class Validate extends BaseCommand {
  static override summary = 'Check configs: every mistake of every file, with its line and column.';
  static override description =
    'A good config gives one line with its parameters and training steps. Nothing is downloaded or trained. Exit code 2 if there is a mistake.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> configs/*.yaml',
    '<%= config.bin %> <%= command.id %> configs/quickstart.yaml --set training.epochs=20',
  ];
  static override strict = false;
  static override args = {
    config: Args.string({ required: true, description: 'YAML files of experiments; several can be given' }),
  };
  static override flags = { set: setFlag };

  override async run(): Promise<ValidationReport> {
    const { argv, flags } = await this.parse(Validate);
    const { validateConfigs } = await import('../authoring/validate.js');
    const report = await validateConfigs(argv as string[], flags.set ?? []);
    for (const { text } of report.files) this.log(text);
    if (report.mistakes > 0) process.exitCode = 2;
    return report;
  }
}
