import { randomBytes } from 'node:crypto';
import { lstat, readdir, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { isRunning, processStart } from './process_identity.js';

/**
 * What one process is writing is named `.<name>.<host>.<pid>[-<start>].<random>.tmp`: nobody else touches it while that
 * process lives, and whoever comes later can tell that it was left behind. No lock has to be kept or broken.
 */
const OWNED = /^\.(.+)\.([A-Za-z0-9-]+)\.(\d+)(?:-(\d+))?\.[0-9a-f]{8}\.tmp$/;

/** Untouched for this long, a file is left behind whoever wrote it: a stalled transfer times out within minutes. */
const ABANDONED_AFTER_MS = 24 * 60 * 60 * 1000;

const host = (): string => hostname().replaceAll(/[^A-Za-z0-9-]/g, '-') || 'host';

/** A name beside `path` that no other process, thread or call uses: a rename within one directory is atomic. */
export function temporaryName(path: string): string {
  const start = processStart(process.pid);
  const owner = [host(), start === null ? process.pid : `${process.pid}-${start}`];
  const random = randomBytes(4).toString('hex');
  return join(dirname(path), `.${[basename(path), ...owner, random].join('.')}.tmp`);
}

/** What has a temporary name of `path` and an owner that is gone. A missing directory holds none. */
export async function abandonedTemporaries(path: string): Promise<string[]> {
  return abandonedIn(dirname(path), (base) => base === basename(path));
}

async function abandonedIn(directory: string, isOurs: (base: string) => boolean): Promise<string[]> {
  const found: string[] = [];
  for (const name of await readdir(directory).catch(() => [])) {
    const [, base, machine, pid, start = null] = OWNED.exec(name) ?? [];
    if (base === undefined || !isOurs(base)) continue;
    const temporary = join(directory, name);
    const isDead = machine === host() && !isRunning(Number(pid), start);
    if (isDead || (await age(temporary)) > ABANDONED_AFTER_MS) found.push(temporary);
  }
  return found;
}

/** Removes them. One that cannot be removed, or that somebody else took first, does no harm. */
export async function removeAbandoned(path: string): Promise<void> {
  await removeAll(await abandonedTemporaries(path));
}

/** As `removeAbandoned`, of every name in a directory that is gnet's alone. */
export async function removeAbandonedIn(directory: string): Promise<void> {
  await removeAll(await abandonedIn(directory, () => true));
}

async function removeAll(temporaries: readonly string[]): Promise<void> {
  for (const temporary of temporaries) {
    await rm(temporary, { recursive: true, force: true }).catch(() => undefined);
  }
}

async function age(path: string): Promise<number> {
  const status = await lstat(path).catch(() => undefined);
  return status === undefined ? 0 : Date.now() - status.mtimeMs;
}
