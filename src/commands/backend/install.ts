import { Args, Flags } from '@oclif/core';
import type { InstallResult } from '../../backends/install/install_backend.js';
import type { OnednnResult } from '../../backends/install/install_onednn.js';
import { BaseCommand } from '../../base_command.js';
import { UserError } from '../../errors.js';

export default class BackendInstall extends BaseCommand {
  static override description = `Bring a backend's native part to this machine.

onednn is a download of 39 MB by Python with pip. tensorflow is built: it needs a C++ compiler, npm, and Python with pip, which fetches TensorFlow: 270 MB, 860 MB when unpacked; with --gpu, CUDA's libraries too: 3 GB, 5.7 GB when unpacked. The build goes to the cache of this user (~/.cache/gnet, or gnet in XDG_CACHE_HOME). Run again, it checks every file of the build, and builds anew what is damaged.`;
  static override examples = [
    '<%= config.bin %> backend install onednn',
    '<%= config.bin %> backend install tensorflow',
    '<%= config.bin %> backend install tensorflow --gpu',
    '<%= config.bin %> backend install tensorflow --wheel tensorflow_cpu-2.21.0-cp312-cp312-manylinux_2_27_x86_64.whl',
  ];
  static override args = {
    backend: Args.string({ required: true, options: ['onednn', 'tensorflow'], description: 'the backend' }),
  };
  static override flags = {
    gpu: Flags.boolean({ description: 'for a CUDA GPU: the backend tensorflow-gpu' }),
    wheel: Flags.string({ helpValue: 'FILE', description: 'a wheel of TensorFlow that is there already' }),
  };

  override async run(): Promise<InstallResult | OnednnResult> {
    const { args, flags } = await this.parse(BackendInstall);
    if (args.backend === 'onednn') return this.installOnednn(flags);
    const { installBackend } = await import('../../backends/install/install_backend.js');
    const name = flags.gpu ? 'tensorflow-gpu' : 'tensorflow';
    const result = await installBackend({ name, wheel: flags.wheel });
    this.logToStderr(`\nUse it with: --backend ${name}`);
    return result;
  }

  private async installOnednn(flags: { gpu: boolean; wheel?: string | undefined }): Promise<OnednnResult> {
    if (flags.gpu || flags.wheel !== undefined)
      throw new UserError('--gpu and --wheel are for the backend tensorflow, got onednn', { exitCode: 2 });
    const { installOnednn } = await import('../../backends/install/install_onednn.js');
    const result = await installOnednn();
    if (!result.installed) this.logToStderr(`${result.directory} is there, its checksum agrees`);
    this.logToStderr('\nUse it with: --backend onednn');
    return result;
  }
}
