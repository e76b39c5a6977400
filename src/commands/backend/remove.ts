import { Args, Flags } from '@oclif/core';
import type { RemoveResult } from '../../backends/install/remove_backend.js';
import { BaseCommand } from '../../base_command.js';
import { UserError } from '../../errors.js';
import { bytes } from '../../terminal/format.js';

export default class BackendRemove extends BaseCommand {
  static override description = 'Remove what "gnet backend install" brought.';
  static override examples = ['<%= config.bin %> backend remove tensorflow'];
  static override args = {
    backend: Args.string({ required: true, options: ['onednn', 'tensorflow'], description: 'the backend' }),
  };
  static override flags = {
    gpu: Flags.boolean({ description: 'the build for a CUDA GPU' }),
  };

  override async run(): Promise<RemoveResult> {
    const { args, flags } = await this.parse(BackendRemove);
    if (args.backend === 'onednn' && flags.gpu)
      throw new UserError('--gpu is for the backend tensorflow, got onednn', { exitCode: 2 });
    const { removeBackend } = await import('../../backends/install/remove_backend.js');
    const result = await removeBackend(
      args.backend === 'onednn' ? 'onednn' : flags.gpu ? 'tensorflow-gpu' : 'tensorflow',
    );
    if (result.directories.length === 0) this.log(`${result.backend}: there is no build of it`);
    for (const directory of result.directories) this.log(`removed ${directory}`);
    if (result.bytes > 0) this.log(`${bytes(result.bytes)} are free again`);
    return result;
  }
}
