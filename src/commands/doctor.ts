import { Args } from '@oclif/core';
import type { DoctorReport } from '../backends/doctor/doctor.js';
import { BaseCommand } from '../base_command.js';
import { UserError } from '../errors.js';
import { setFlag } from '../flags.js';

export default class Doctor extends BaseCommand {
  static override description =
    'Try every backend: is it usable here, on which device, and what mends it. With a config: has it all kernels that the model needs. Exit code 1 if the backend that a run would take cannot be used.';
  static override examples = [
    '<%= config.bin %> doctor',
    '<%= config.bin %> doctor configs/googlenet-cifar10.yaml',
    '<%= config.bin %> doctor configs/quickstart.yaml --set backend=wasm --json',
  ];
  static override args = {
    config: Args.string({ description: 'YAML file of the experiment whose model is to be tried' }),
  };
  static override flags = { set: setFlag };

  override async run(): Promise<DoctorReport> {
    const { args, flags } = await this.parse(Doctor);
    if (flags.set && args.config === undefined) {
      throw new UserError('--set: expected a CONFIG whose keys it sets', {
        hint: 'gnet doctor CONFIG --set …',
        exitCode: 2,
      });
    }
    const { examineOnScreen } = await import('../backends/doctor/screen.js');
    const { reportText } = await import('../backends/doctor/report_text.js');
    const report = await examineOnScreen(args.config, flags.set ?? []);
    this.log(reportText(report));
    if (!report.ok) process.exitCode = 1;
    return report;
  }
}
