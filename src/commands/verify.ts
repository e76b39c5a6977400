import { Args, Errors, Flags } from '@oclif/core';
import type { Verification } from '../backends/verify/compare_training.js';
import { BaseCommand } from '../base_command.js';
import { backendFlag, setFlag, threadsFlag } from '../flags.js';
import { backendNames } from '../registry/backends.js';

const toleranceFlag = Flags.custom<number>({
  parse: async (text) => {
    const value = Number(text);
    if (text.trim() !== '' && value >= 0) return value;
    throw new Errors.CLIError(`Expected a number from 0 but received: ${text}`);
  },
});

export default class Verify extends BaseCommand {
  static override description =
    'Check a backend against another: train the first steps on both, from the same parameters with the same batches, and compare losses, parameters and optimizer state. No run is written; exit code 1 where they do not agree.';
  static override examples = [
    '<%= config.bin %> verify configs/quickstart.yaml --backend onnxruntime-webgpu',
    '<%= config.bin %> verify configs/googlenet-cifar10-32.yaml --against onnxruntime-cpu --backend onnxruntime-cuda --steps 10',
  ];
  static override args = {
    config: Args.string({ required: true, description: 'YAML file of the experiment' }),
  };
  static override flags = {
    set: setFlag,
    backend: backendFlag,
    against: Flags.option({
      options: backendNames,
      default: 'wasm' as const,
      description:
        'the backend to compare with; wasm runs the same model and layers with kernels of its own, and compiles no step',
    })(),
    steps: Flags.integer({ min: 1, default: 3, helpValue: 'N', description: 'training steps on each' }),
    tolerance: toleranceFlag({
      default: 0.01,
      helpValue: 'SHARE',
      description:
        'largest relative difference ‖a − b‖ / max(‖a‖, ‖b‖) that counts as rounding, of each loss, parameter and slot of the optimizer',
    }),
    threads: threadsFlag,
  };

  override async run(): Promise<Verification> {
    const { args, flags } = await this.parse(Verify);
    const { verifyBackends } = await import('../backends/verify/verify.js');
    const { verificationText } = await import('../backends/verify/compare_training.js');
    const verification = await verifyBackends({
      config: args.config,
      sets: [...(flags.set ?? []), ...(flags.backend ? [`backend=${flags.backend}`] : [])],
      against: flags.against,
      steps: flags.steps,
      tolerance: flags.tolerance,
      threads: flags.threads,
    });
    this.log(verificationText(verification));
    if (!verification.agree) process.exitCode = 1;
    return verification;
  }
}
