import { Args } from '@oclif/core';
import { BaseCommand } from '../base_command.js';
import type { Explanation } from '../config/explain.js';
import { setFlag } from '../flags.js';

export default class Explain extends BaseCommand {
  static override summary = 'Tell what a key of a config is, and which line set it.';
  static override description =
    'Prints the value, what gave it (file:line:column, --set, or the default), what that replaced, and what the key means and accepts. Without KEY: the whole config with all defaults, as YAML, the place of each value beside it.';
  static override examples = [
    '<%= config.bin %> explain configs/googlenet-cifar100-32.yaml dataset.type',
    '<%= config.bin %> explain configs/quickstart.yaml model.layers.conv1.kernel',
    '<%= config.bin %> explain configs/quickstart.yaml optimizer --set optimizer.type=sgd',
    '<%= config.bin %> explain configs/quickstart.yaml > resolved.yaml',
  ];
  static override args = {
    config: Args.string({ required: true, description: 'YAML file of the experiment' }),
    key: Args.string({
      description: 'keys joined by dots; a layer goes by its name or its 0-based index',
    }),
  };
  static override flags = { set: setFlag };

  override async run(): Promise<Explanation> {
    const { args, flags } = await this.parse(Explain);
    const { explainConfig, explanationText } = await import('../pipeline/explain.js');
    const explanation = await explainConfig(args.config, args.key, flags.set ?? []);
    this.log(explanationText(explanation));
    return explanation;
  }
}
