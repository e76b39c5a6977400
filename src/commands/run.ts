import { Args, Flags } from '@oclif/core';
import { BaseCommand } from '../base_command.js';
import { backendFlag, CONFIG_FILE, setFlag, threadsFlag } from '../flags.js';
import type { RunSummary } from '../runs/summary.js';

export default class Run extends BaseCommand {
  static override summary = 'Train and evaluate the model of a config; everything goes to a run directory.';
  static override description =
    'Downloads the data set on first use, trains, evaluates each epoch on validation images (or the test set: dataset.validation), and tests the best checkpoint. Ctrl-C finishes the step, saves a checkpoint and prints the command that goes on from there.';
  static override examples = [
    {
      description: 'Images that are drawn, no download:',
      command: '<%= config.bin %> <%= command.id %> configs/quickstart.yaml',
    },
    {
      description: 'Other values for this run alone:',
      command:
        '<%= config.bin %> <%= command.id %> configs/googlenet-cifar10-32.yaml --set training.epochs=2 --set dataset.limit.train=5000',
    },
    {
      description: 'Your own images, with a config that is chosen for them:',
      command: '<%= config.bin %> <%= command.id %> photos/',
    },
    {
      description: 'A directory of your own; the same line goes on after an interruption:',
      command: '<%= config.bin %> <%= command.id %> configs/quickstart.yaml --run-dir runs/first --resume',
    },
  ];
  static override args = {
    config: Args.string({
      required: true,
      description: `${CONFIG_FILE}; or images, a directory or a CSV or JSONL file, for which it is written into the run`,
    }),
  };
  static override flags = {
    set: setFlag,
    backend: backendFlag,
    'run-dir': Flags.string({
      helpValue: 'DIR',
      description: 'new directory for everything that the run writes; runs/<name>-<UTC time> if not given',
    }),
    resume: Flags.boolean({
      description:
        'go on from the last checkpoint of --run-dir, else of the newest run in runs/ that has the name in the config and a checkpoint; start anew where there is no run',
    }),
    init: Flags.string({
      helpValue: 'FILE',
      description:
        "weights to start from, in place of the config's init.file: safetensors or a .pth of PyTorch, a run or a checkpoint; a run that is resumed goes on from its checkpoint",
    }),
    threads: threadsFlag,
  };

  override async run(): Promise<RunSummary> {
    const { args, flags } = await this.parse(Run);
    const { photoPlace } = await import('../authoring/look_at_photos.js');
    const { runExperiment } = await import('../pipeline/run.js');
    const { runPhotos } = await import('../pipeline/run_photos.js');
    const { closingSummary } = await import('../pipeline/closing_summary.js');
    const options = {
      sets: [...(flags.set ?? []), ...(flags.backend ? [`backend=${flags.backend}`] : [])],
      runDir: flags['run-dir'],
      resume: flags.resume,
      init: flags.init,
      threads: flags.threads,
    };
    const photos = photoPlace(args.config);
    const summary = photos
      ? await runPhotos(photos, options)
      : await runExperiment({ ...options, config: args.config });
    this.logToStderr(`\n${closingSummary(summary)}`);
    return summary;
  }
}
