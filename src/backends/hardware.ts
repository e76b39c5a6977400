import { execFile } from 'node:child_process';
import { arch, cpus, platform, release } from 'node:os';
import { promisify } from 'node:util';
import { systemErrorCode } from '../errors.js';

const run = promisify(execFile);
const TIME_LIMIT_MS = 5000;

/** A CUDA device as its driver describes it; null for what the driver does not tell. */
export interface Gpu {
  readonly name: string;
  readonly driver: string;
  readonly memory_bytes: number | null;
  readonly free_bytes: number | null;
}

/** Operating system, its release, and the processor's architecture. */
export function platformName(): string {
  return `${platform()} ${release()} ${arch()}`;
}

export function cpuModel(): string {
  return cpus()[0]?.model.trim() || 'unknown';
}

/** What a program prints, or null where it is missing, fails or takes too long. */
export async function programOutput(program: string, args: readonly string[]): Promise<string | null> {
  try {
    const { stdout } = await run(program, args, { timeout: TIME_LIMIT_MS, maxBuffer: 2 ** 24 });
    return stdout.trim();
  } catch {
    return null;
  }
}

const MIB = 2 ** 20;

/** The GPUs that nvidia-smi lists; where it lists none, `problem` says why. */
export async function nvidiaGpus(): Promise<{ gpus: readonly Gpu[]; problem: string | null }> {
  const query = ['--query-gpu=name,driver_version,memory.total,memory.free', '--format=csv,noheader,nounits'];
  try {
    const { stdout } = await run('nvidia-smi', query, { timeout: TIME_LIMIT_MS });
    const gpus = stdout.split('\n').flatMap((line) => {
      const [name, driver, total, free] = line.split(',').map((cell) => cell.trim());
      const mebibytes = (cell: string | undefined) =>
        cell && /^\d+$/.test(cell) ? Number(cell) * MIB : null;
      return name && driver
        ? [{ name, driver, memory_bytes: mebibytes(total), free_bytes: mebibytes(free) }]
        : [];
    });
    return { gpus, problem: gpus.length > 0 ? null : 'nvidia-smi lists no GPU' };
  } catch (error) {
    return { gpus: [], problem: nvidiaSmiProblem(error as Error & { stdout?: string; killed?: boolean }) };
  }
}

function nvidiaSmiProblem(error: Error & { stdout?: string; stderr?: string; killed?: boolean }): string {
  if (systemErrorCode(error) === 'ENOENT') return 'nvidia-smi is not installed';
  if (error.killed) return `nvidia-smi gave no answer within ${TIME_LIMIT_MS / 1000} s`;
  const [line] = `${error.stdout ?? ''}\n${error.stderr ?? ''}`
    .split('\n')
    .filter((text) => text.trim() !== '');
  return `nvidia-smi fails: ${line?.trim() ?? error.message}`;
}
