import { Args, Flags } from '@oclif/core';
import { BaseCommand } from '../base_command.js';
import { printable } from '../config/words.js';
import { backendFlag, sourceArg, threadsFlag, weightsFlag } from '../flags.js';
import type { PredictResult } from '../inference/predict.js';

export default class Predict extends BaseCommand {
  static override description =
    'Classify images (PNG, JPEG, WebP, GIF, TIFF, AVIF) with a trained model. Images of another size than those of the data set are resized to it. In a directory the content decides, whatever a file is called. Exit code 1 if one cannot be read; the others get their answers.';
  static override examples = [
    '<%= config.bin %> predict runs/quickstart-20260131T120000Z cat.jpg photos/',
    '<%= config.bin %> predict runs/quickstart-20260131T120000Z/checkpoints/last cat.jpg --top-k 1 --json',
    '<%= config.bin %> predict runs/photos-20260131T120000Z new/ --output answers --into sorted --threshold auto',
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
    threshold: Flags.string({
      helpValue: 'P|auto',
      description:
        'an image whose most probable class is less probable than P is "unknown"; auto: the lowest P from which on 95 % of the validation images are classified correctly',
    }),
    output: Flags.string({
      helpValue: 'DIR',
      description:
        'new directory for predictions.csv, predictions.jsonl and index.html, a page with the images',
    }),
    into: Flags.string({
      helpValue: 'DIR',
      description:
        'new directory that the images are copied into, each to a directory with the name of its class',
    }),
    link: Flags.boolean({ dependsOn: ['into'], description: 'symbolic links in place of copies' }),
    backend: backendFlag,
    weights: weightsFlag,
    threads: threadsFlag,
  };

  override async run(): Promise<PredictResult> {
    const { args, flags } = await this.parse(Predict);
    const { predictImages, predictionTable, unreadable } = await import('../inference/predict.js');
    const { parseThreshold } = await import('../inference/threshold.js');
    const { source, images } = args;
    const { output, into, link, backend, weights, threads } = flags;
    const threshold = flags.threshold === undefined ? undefined : parseThreshold(flags.threshold);
    const result = await predictImages({
      ...{ source, images, topK: flags['top-k'], threshold },
      ...{ output, into, link, backend, weights, threads },
    });
    const errors = unreadable(result.images);
    if (errors.length < result.images.length) this.log(predictionTable(result.images));
    for (const line of errors) this.logToStderr(line);
    for (const file of result.others) this.logToStderr(`${printable(file)}: no image, left out`);
    if (errors.length > 0) process.exitCode = 1;
    return result;
  }
}
