import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { arch, cpus, platform, release, totalmem } from 'node:os';
import { promisify } from 'node:util';
import type { BackendChoice } from '../registry/backends/index.js';
import { tensorflowVersion } from '../registry/backends/tensorflow.js';

const run = promisify(execFile);
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
  const [cpu] = cpus();
  return {
    started_at: now.toISOString(),
    command: process.argv.slice(2),
    backend: choice.name,
    backend_reason: choice.reason,
    threads,
    versions: await versions(choice),
    platform: `${platform()} ${release()} ${arch()}`,
    cpu: cpu?.model.trim() ?? 'unknown',
    cpu_count: cpus().length,
    memory_bytes: totalmem(),
    gpu: await output('nvidia-smi', ['--query-gpu=name,driver_version', '--format=csv,noheader']),
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
    gnet: await packageVersion(new URL('../../package.json', import.meta.url)),
    node: process.version,
    ...Object.fromEntries(await Promise.all(installed)),
    ...((backend === 'tensorflow' || backend === 'tensorflow-gpu') && tensorflowVersion(backend)),
  };
}

async function packageVersion(manifest: string | URL): Promise<string> {
  return (JSON.parse(await readFile(manifest, 'utf8')) as { version: string }).version;
}

async function gitCommit(): Promise<string | null> {
  const commit = await output('git', ['rev-parse', 'HEAD']);
  if (commit === null) return null;
  const changes = await output('git', ['status', '--porcelain', '--untracked-files=no']);
  return changes ? `${commit}+` : commit;
}

/** What a program prints, or null where it is missing, fails or takes too long. */
async function output(program: string, args: readonly string[]): Promise<string | null> {
  try {
    const { stdout } = await run(program, args, { timeout: 5000 });
    return stdout.trim();
  } catch {
    return null;
  }
}
