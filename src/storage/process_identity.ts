import { readFileSync } from 'node:fs';
import { systemErrorCode } from '../errors.js';

/**
 * When a process started, as Linux tells it (clock ticks since boot): with the pid, it names one process for good.
 * Null for a process that has ended, and on systems without /proc.
 */
export function processStart(pid: number): string | null {
  return readStat(pid)?.start ?? null;
}

/** Whether the process `pid` of this host is alive and is the one that started at `start` (if that is known). */
export function isRunning(pid: number, start: string | null): boolean {
  try {
    process.kill(pid, 0); // sends nothing
  } catch (error) {
    if (systemErrorCode(error) !== 'EPERM') return false; // EPERM: alive, and another user's
  }
  const stat = readStat(pid);
  if (stat === null) return true;
  // A killed process stays as a zombie for as long as its parent does not ask for it: in containers, often for ever.
  if (stat.state === 'Z' || stat.state === 'X') return false;
  return start === null || stat.start === start;
}

function readStat(pid: number): { state: string; start: string } | null {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'utf8'); // the kernel's memory: nothing to wait for
  } catch {
    return null;
  }
  // proc(5): field 2 is the program's name in parentheses, which may hold anything; 3 is the state, 22 the start.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [state, start] = [fields[0], fields[19]];
  return state === undefined || start === undefined ? null : { state, start };
}
