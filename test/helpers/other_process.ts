import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { onTestFinished } from 'vitest';

/** A process that does nothing until it is killed, at the latest when the current test ends. */
export function startOtherProcess(): ChildProcess & { pid: number } {
  const child = spawn(process.execPath, ['-e', 'process.stdin.resume()'], {
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  if (child.pid === undefined) throw new Error('the process did not start');
  onTestFinished(() => killAndWait(child));
  return Object.assign(child, { pid: child.pid });
}

/** Kills a process with SIGKILL and waits for its end. */
export async function killAndWait(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}
