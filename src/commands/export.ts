import { Flags } from '@oclif/core';
import { BaseCommand } from '../base_command.js';
import type { ExportResult } from '../export/export.js';
import { sourceArg, weightsFlag } from '../flags.js';

export default class Export extends BaseCommand {
  static override description =
    'Write a trained model for other programs: ONNX, a TensorFlow.js graph model (both with preprocessing inside), safetensors for PyTorch, or a web page that classifies images in the browser. What was written is read back and compared with the model before it gets its name.';
  static override examples = [
    '<%= config.bin %> export runs/quickstart-20260131T120000Z --format onnx',
    '<%= config.bin %> export runs/quickstart-20260131T120000Z/checkpoints/last --format safetensors --output last.safetensors',
  ];
  static override args = { source: sourceArg };
  static override flags = {
    format: Flags.option({
      options: ['onnx', 'safetensors', 'tfjs', 'web'] as const,
      required: true,
      description: 'what to write',
    })(),
    weights: weightsFlag,
    output: Flags.string({
      helpValue: 'PATH',
      description:
        'new file, or directory for tfjs; in RUN/export if not given: model.onnx, model.safetensors, tfjs or model.html',
    }),
    force: Flags.boolean({ description: 'replace an earlier export' }),
  };

  override async run(): Promise<ExportResult> {
    const { args, flags } = await this.parse(Export);
    const { exportCheckpoint } = await import('../export/export.js');
    const { source } = args;
    const result = await exportCheckpoint({
      source,
      ...flags,
      output: flags.output,
      weights: flags.weights,
    });
    this.log(`${result.output}\n  ${result.usage}`);
    return result;
  }
}
