import { Args, Flags } from '@oclif/core';
import { BaseCommand } from '../base_command.js';
import { backendFlag, sourceArg, threadsFlag, weightsFlag } from '../flags.js';
import type { PredictResult } from '../inference/predict.js';

export default class Predict extends BaseCommand {
  static override description =
    'Classify images (PNG, JPEG, WebP) with a trained model. Images of another size than those of the data set are resized to it. Exit code 1 if one cannot be read; the others get their answers.';
  static override examples = [
    '<%= config.bin %> predict runs/quickstart-20260131T120000Z cat.jpg photos/',
    '<%= config.bin %> predict runs/quickstart-20260131T120000Z/checkpoints/last cat.jpg --top-k 1 --json',
  ];
  static override args = {
    source: sourceArg,
    images: Args.string({
      required: true,
      multiple: true,
      description: 'image files, or directories: every image below them',
    }),
  };
  static override flags = {
    'top-k': Flags.integer({
      min: 1,
      default: 5,
      helpValue: 'N',
      description: 'classes to tell of each image',
    }),
    backend: backendFlag,
    weights: weightsFlag,
    threads: threadsFlag,
  };

  override async run(): Promise<PredictResult> {
    const { args, flags } = await this.parse(Predict);
    const { predictImages, predictionTable, unreadable } = await import('../inference/predict.js');
    const { source, images } = args;
    const { weights } = flags;
    const result = await predictImages({ source, images, ...flags, weights, topK: flags['top-k'] });
    const errors = unreadable(result.images);
    if (errors.length < result.images.length) this.log(predictionTable(result.images));
    for (const line of errors) this.logToStderr(line);
    if (errors.length > 0) process.exitCode = 1;
    return result;
  }
}
