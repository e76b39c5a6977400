import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';

/**
 * How many threads an operation gets. By default one for each physical core that the process may use: matrix products
 * keep a core's arithmetic units busy, and a second thread on the same core only gets in the way.
 * @param requested 0 for the default
 */
export function threadCount(requested: number, available = availableParallelism(), root = '/'): number {
  if (requested !== 0) return requested;
  return Math.min(available, physicalCores(root) ?? available);
}

/** The physical cores behind the processors that the process may run on; null where the system does not tell (Linux does). */
function physicalCores(root: string): number | null {
  try {
    const status = readFileSync(join(root, 'proc/self/status'), 'utf8');
    const allowed = numbers(/^Cpus_allowed_list:\s*(.+)$/m.exec(status)![1]!);
    const cores = allowed.map((cpu) =>
      readFileSync(
        join(root, `sys/devices/system/cpu/cpu${cpu}/topology/thread_siblings_list`),
        'utf8',
      ).trim(),
    );
    return new Set(cores).size || null;
  } catch {
    return null;
  }
}

/** Reads a list like 0-3,8. */
function numbers(list: string): number[] {
  return list.split(',').flatMap((range) => {
    const [first, last = first] = range.split('-').map(Number) as [number, number?];
    return Array.from({ length: last! - first + 1 }, (_, index) => first + index);
  });
}
