import { Args, Flags } from '@oclif/core';
import { BaseCommand } from '../base_command.js';
import { backendFlag, setFlag, threadsFlag } from '../flags.js';
import type { RunSummary } from '../pipeline/summary.js';

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
    set: setFlag,
    backend: backendFlag,
    'run-dir': Flags.string({
      helpValue: 'DIR',
      description: 'where everything goes; runs/<name>-<UTC time> if not given',
    }),
    resume: Flags.boolean({
      description:
        'go on from the last checkpoint of --run-dir, else of the newest run of that name in runs/; start anew where there is no run',
    }),
    init: Flags.string({
      helpValue: 'FILE',
      description:
        'safetensors file with the initial parameters, named as in PyTorch; a run that is resumed goes on from its checkpoint',
    }),
    threads: threadsFlag,
  };

  override async run(): Promise<RunSummary> {
    const { args, flags } = await this.parse(Run);
    const { runExperiment } = await import('../pipeline/run.js');
    const { closingSummary } = await import('../pipeline/closing_summary.js');
    const summary = await runExperiment({
      config: args.config,
      sets: [...(flags.set ?? []), ...(flags.backend ? [`backend=${flags.backend}`] : [])],
      runDir: flags['run-dir'],
      resume: flags.resume,
      init: flags.init,
      threads: flags.threads,
    });
    this.logToStderr(`\n${closingSummary(summary)}`);
    return summary;
  }
}
