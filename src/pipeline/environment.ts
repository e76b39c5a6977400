import { createRequire } from 'node:module';
import { cpus, totalmem } from 'node:os';
import type { BackendChoice } from '../backends/choose.js';
import { cpuModel, nvidiaGpus, platformName, programOutput } from '../backends/hardware.js';
import { tensorflowVersion } from '../backends/tensorflow.js';
import { gnetVersion, packageVersion } from '../version.js';

const require = createRequire(import.meta.url);

/** What a run ran on; written to environment.json. */
export interface Environment {
  readonly started_at: string;
  readonly command: readonly string[];
  readonly backend: string;
  readonly backend_reason: string;
  readonly threads: number;
  readonly versions: Readonly<Record<string, string>>;
  readonly platform: string;
  readonly cpu: string;
  readonly cpu_count: number;
  readonly memory_bytes: number;
  /** As the driver names it; null where no driver answers. */
  readonly gpu: string | null;
  /** Commit of the working directory, with "+" where it has changes; null outside of a git checkout. */
  readonly git_commit: string | null;
}

export async function describeEnvironment(
  choice: BackendChoice,
  threads: number,
  now: Date,
): Promise<Environment> {
  const { gpus } = await nvidiaGpus();
  return {
    started_at: now.toISOString(),
    command: process.argv.slice(2),
    backend: choice.name,
    backend_reason: choice.reason,
    threads,
    versions: await versions(choice),
    platform: platformName(),
    cpu: cpuModel(),
    cpu_count: cpus().length,
    memory_bytes: totalmem(),
    gpu: gpus.map(({ name, driver }) => `${name}, ${driver}`).join('\n') || null,
    git_commit: await gitCommit(),
  };
}

async function versions({ name: backend }: BackendChoice): Promise<Record<string, string>> {
  const packages = ['@tensorflow/tfjs', 'onnxruntime-node'];
  const installed = packages.map(async (name) => [
    name,
    await packageVersion(require.resolve(`${name}/package.json`)),
  ]);
  return {
    gnet: await gnetVersion(),
    node: process.version,
    ...Object.fromEntries(await Promise.all(installed)),
    ...((backend === 'tensorflow' || backend === 'tensorflow-gpu') && tensorflowVersion(backend)),
  };
}

async function gitCommit(): Promise<string | null> {
  const commit = await programOutput('git', ['rev-parse', 'HEAD']);
  if (commit === null) return null;
  const changes = await programOutput('git', ['status', '--porcelain', '--untracked-files=no']);
  return changes ? `${commit}+` : commit;
}
