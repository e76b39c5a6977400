import { Flags } from '@oclif/core';
import { BaseCommand } from '../base_command.js';
import { backendFlag, sourceArg, threadsFlag, weightsFlag } from '../flags.js';
import type { EvalResult } from '../inference/evaluate_checkpoint.js';

export default class Eval extends BaseCommand {
  static override summary =
    'Evaluate a checkpoint: its loss and accuracy on the test, validation or training images.';
  static override description =
    'The data set and the preprocessing are those that the checkpoint was trained with.';
  static override examples = [
    {
      description: 'The best checkpoint of a run (made with: gnet run CONFIG --run-dir runs/first):',
      command: '<%= config.bin %> <%= command.id %> runs/first',
    },
    {
      description: 'The newest checkpoint, on the images that it was trained on:',
      command: '<%= config.bin %> <%= command.id %> runs/first/checkpoints/last --split train --json',
    },
  ];
  static override args = { source: sourceArg };
  static override flags = {
    split: Flags.option({
      options: ['test', 'validation', 'train'] as const,
      default: 'test',
      description: 'which images of the data set',
    })(),
    backend: backendFlag,
    weights: weightsFlag,
    threads: threadsFlag,
  };

  override async run(): Promise<EvalResult> {
    const { args, flags } = await this.parse(Eval);
    const { evaluateCheckpoint } = await import('../inference/evaluate_checkpoint.js');
    return evaluateCheckpoint({
      source: args.source,
      split: flags.split,
      backend: flags.backend,
      weights: flags.weights,
      threads: flags.threads,
    });
  }
}
