import { Args } from '@oclif/core';
import { BaseCommand } from '../base_command.js';
import type { ReportResult } from '../report/write_report.js';

export default class Report extends BaseCommand {
  static override description =
    'Make the report.html of a run again: curves, confusion matrix, mistakes, layers, config, environment.';
  static override examples = ['<%= config.bin %> report runs/quickstart-20260131T120000Z'];
  static override args = {
    run: Args.string({ required: true, description: 'run directory; one that has not finished will do' }),
  };

  override async run(): Promise<ReportResult> {
    const { args } = await this.parse(Report);
    const { writeReport } = await import('../report/write_report.js');
    const result = await writeReport(args.run);
    for (const sentence of result.missing) this.logToStderr(sentence);
    this.log(result.report);
    return result;
  }
}
