import { Args, Flags } from '@oclif/core';
import { BaseCommand } from '../base_command.js';
import type { Comparison } from '../runs/compare.js';

export default class Compare extends BaseCommand {
  static override description =
    'Compare runs: results, configs, and whether the difference is real.\nTwo runs are compared image by image (McNemar); runs that differ in their seed only form groups (mean, confidence interval; Welch between two groups).';
  static override examples = [
    '<%= config.bin %> compare runs/first runs/second',
    '<%= config.bin %> compare runs/adam-seed* runs/sgd-seed* --output compare.html',
  ];
  static override strict = false;
  static override args = {
    run: Args.string({ required: true, description: 'run directories, two or more' }),
  };
  static override flags = {
    output: Flags.string({
      helpValue: 'FILE',
      description: 'write a page with overlaid curves too; replaces only an earlier page of gnet compare',
    }),
  };

  override async run(): Promise<Comparison> {
    const { argv, flags } = await this.parse(Compare);
    const { writeComparison } = await import('../report/write_comparison.js');
    const { comparisonText } = await import('../runs/comparison_text.js');
    const comparison = await writeComparison(argv as string[], flags.output);
    this.log(comparisonText(comparison));
    if (flags.output !== undefined) this.logToStderr(`\nThe curves are in ${flags.output}.`);
    return comparison;
  }
}
