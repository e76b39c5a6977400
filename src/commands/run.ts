import { Args, Flags } from '@oclif/core';
import { BaseCommand } from '../base_command.js';
import type { RunSummary } from '../pipeline/run.js';

export default class Run extends BaseCommand {
  static override description =
    'Train and evaluate the model of a config; everything goes to a run directory.';
  static override examples = [
    '<%= config.bin %> run configs/quickstart.yaml',
    '<%= config.bin %> run configs/googlenet-cifar10-32.yaml --set training.epochs=2 --set optimizer.learning_rate=3e-4',
    '<%= config.bin %> run configs/quickstart.yaml --run-dir runs/first --resume',
  ];
  static override args = {
    config: Args.string({ required: true, description: 'YAML file of the experiment' }),
  };
  static override flags = {
    set: Flags.string({
      multiple: true,
      default: [],
      helpValue: 'KEY=VALUE',
      description: 'override a key of the config (KEY+=VALUE appends to a list)',
    }),
    backend: Flags.string({ helpValue: 'NAME', description: 'what computes: as the config key `backend`' }),
    'run-dir': Flags.string({
      helpValue: 'DIR',
      description: 'run directory (default: runs/<name>-<UTC time>)',
    }),
    resume: Flags.boolean({
      description:
        'go on from the last checkpoint of --run-dir, else of the newest run of that name; start anew where there is none',
    }),
    init: Flags.string({
      helpValue: 'FILE',
      description: 'safetensors file with the initial parameters, named as in PyTorch',
    }),
    threads: Flags.integer({
      min: 0,
      default: 0,
      helpValue: 'N',
      description: 'threads of one operation; 0 takes every core',
    }),
  };

  override async run(): Promise<RunSummary> {
    const { args, flags } = await this.parse(Run);
    const { runExperiment } = await import('../pipeline/run.js');
    const summary = await runExperiment({
      config: args.config,
      sets: flags.backend === undefined ? flags.set : [...flags.set, `backend=${flags.backend}`],
      runDir: flags['run-dir'],
      resume: flags.resume,
      init: flags.init,
      threads: flags.threads,
    });
    this.logToStderr(
      `\nEverything is in ${summary.run_directory}; look at it with: tensorboard --logdir runs`,
    );
    return summary;
  }
}
