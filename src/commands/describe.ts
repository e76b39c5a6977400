import { Args, Flags } from '@oclif/core';
import type { Description } from '../authoring/describe.js';
import { BaseCommand } from '../base_command.js';
import { loadPlan } from '../config/load_plan.js';
import { CONFIG_FILE, setFlag } from '../flags.js';

export default class Describe extends BaseCommand {
  static override summary =
    'Show the network of a config: shapes, parameters, multiply-accumulates, a drawing.';
  static override description =
    'Shapes are of one image: channels × height × width. MACs are the multiply-accumulates of one forward pass for one image, auxiliary heads included. Nothing is downloaded or trained.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> configs/quickstart.yaml',
    '<%= config.bin %> <%= command.id %> configs/googlenet-cifar10.yaml --set input.resize=64',
    '<%= config.bin %> <%= command.id %> configs/googlenet-cifar10.yaml --format mermaid > network.mmd',
  ];
  static override args = {
    config: Args.string({ required: true, description: CONFIG_FILE }),
  };
  static override flags = {
    set: setFlag,
    format: Flags.option({
      options: ['table', 'json', 'mermaid'] as const,
      default: 'table',
      exclusive: ['json'],
      description:
        'mermaid is a flowchart: paste it at https://mermaid.live, or into a ```mermaid block of a Markdown file; json is the same as --json',
    })(),
    expand: Flags.boolean({
      description: 'show what blocks of known networks (bottleneck, inception …) stand for, too',
    }),
  };

  override jsonEnabled(): boolean {
    const words = this.argv.join(' ');
    return super.jsonEnabled() || /(^| )--format[= ]json( |$)/.test(words);
  }

  override async run(): Promise<Description> {
    const { args, flags } = await this.parse(Describe);
    const { describePlan, descriptionTable } = await import('../authoring/describe.js');
    const { networkDiagram } = await import('../authoring/diagram.js');
    const { plan } = await loadPlan(args.config, flags.set ?? []);
    const description = describePlan(plan, { expand: flags.expand });
    this.log(flags.format === 'mermaid' ? networkDiagram(plan, flags.expand) : descriptionTable(description));
    return description;
  }
}
