import { Args } from '@oclif/core';
import { BaseCommand } from '../base_command.js';
import { setFlag } from '../flags.js';
import type { Description } from '../pipeline/describe.js';

export default class Describe extends BaseCommand {
  static override description =
    'Show the layers of a config: output shapes, parameters, multiply-accumulates (MACs).';
  static override examples = [
    '<%= config.bin %> describe configs/googlenet-cifar10.yaml --set input.resize=64',
  ];
  static override args = {
    config: Args.string({ required: true, description: 'YAML file of the experiment' }),
  };
  static override flags = { set: setFlag };

  override async run(): Promise<Description> {
    const { args, flags } = await this.parse(Describe);
    const { describeConfig, descriptionTable } = await import('../pipeline/describe.js');
    const description = await describeConfig(args.config, flags.set ?? []);
    this.log(descriptionTable(description));
    return description;
  }
}
