import { Args, Flags } from '@oclif/core';
import type { InstallResult } from '../../backends/install/install_backend.js';
import { BaseCommand } from '../../base_command.js';

export default class BackendInstall extends BaseCommand {
  static override description = `Build a backend's native part for this machine.

It needs a C++ compiler, npm, and Python with pip, which fetches TensorFlow: 270 MB, 860 MB when unpacked; with --gpu, CUDA's libraries too: 3 GB, 5.7 GB when unpacked. The build goes to the cache of this user (~/.cache/gnet, or gnet in XDG_CACHE_HOME). Run again, it checks every file of the build, and builds anew what is damaged.`;
  static override examples = [
    '<%= config.bin %> backend install tensorflow',
    '<%= config.bin %> backend install tensorflow --gpu',
    '<%= config.bin %> backend install tensorflow --wheel tensorflow_cpu-2.21.0-cp312-cp312-manylinux_2_27_x86_64.whl',
  ];
  static override args = {
    backend: Args.string({ required: true, options: ['tensorflow'], description: 'the backend' }),
  };
  static override flags = {
    gpu: Flags.boolean({ description: 'for a CUDA GPU: the backend tensorflow-gpu' }),
    wheel: Flags.string({ helpValue: 'FILE', description: 'a wheel of TensorFlow that is there already' }),
  };

  override async run(): Promise<InstallResult> {
    const { flags } = await this.parse(BackendInstall);
    const { installBackend } = await import('../../backends/install/install_backend.js');
    const name = flags.gpu ? 'tensorflow-gpu' : 'tensorflow';
    const result = await installBackend({ name, wheel: flags.wheel });
    this.logToStderr(`\nUse it with: --backend ${name}`);
    return result;
  }
}
