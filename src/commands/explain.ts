import { Args } from '@oclif/core';
import { BaseCommand } from '../base_command.js';
import type { Explanation } from '../config/explain.js';
import { CONFIG_FILE, setFlag } from '../flags.js';

export default class Explain extends BaseCommand {
  static override summary = 'Tell what a key of a config is, and which line set it.';
  static override description =
    'Prints the value, what gave it (file:line:column, --set, or the default), what that replaced, and what the key means and accepts. Without KEY: the whole config with every default as YAML, the place of each value beside it.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> configs/googlenet-cifar100-32.yaml dataset.type',
    '<%= config.bin %> <%= command.id %> configs/quickstart.yaml model.layers.conv1.kernel',
    '<%= config.bin %> <%= command.id %> configs/quickstart.yaml optimizer --set optimizer.type=sgd',
    {
      description: 'The whole config, as a config that extends nothing:',
      command: '<%= config.bin %> <%= command.id %> configs/googlenet-cifar100-32.yaml > resolved.yaml',
    },
  ];
  static override args = {
    config: Args.string({ required: true, description: CONFIG_FILE }),
    key: Args.string({
      description:
        'keys joined by dots; a layer goes by its name or its 0-based index; the whole config if not given',
    }),
  };
  static override flags = { set: setFlag };

  override async run(): Promise<Explanation> {
    const { args, flags } = await this.parse(Explain);
    const { explainConfig, explanationText } = await import('../authoring/explain.js');
    const explanation = await explainConfig(args.config, args.key, flags.set ?? []);
    this.log(explanationText(explanation));
    return explanation;
  }
}
