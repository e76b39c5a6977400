import { randomBytes } from 'node:crypto';
import { lstat, readdir, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { systemErrorCode } from '../errors.js';

/**
 * Files that one process is writing are named `<base>.<host>.<pid>.<random>`: nobody else touches them while that
 * process lives, and whoever comes later can tell that they were left behind. No lock has to be kept or broken.
 */
const OWNED = /^(.+)\.([A-Za-z0-9-]+)\.(\d+)\.[0-9a-f]{8}$/;

/** Untouched for this long, a file is left behind whoever wrote it: a stalled transfer times out within minutes. */
const ABANDONED_AFTER_MS = 24 * 60 * 60 * 1000;

const host = (): string => hostname().replaceAll(/[^A-Za-z0-9-]/g, '-') || 'host';

/** A new path beside `base` that belongs to this call alone. */
export function scratchPath(base: string): string {
  return `${base}.${host()}.${process.pid}.${randomBytes(4).toString('hex')}`;
}

/** Scratch files and folders of `base` whose owner is gone. A missing directory holds none. */
export async function abandonedScratch(base: string): Promise<string[]> {
  const directory = dirname(base);
  const found: string[] = [];
  for (const name of await readdir(directory).catch(() => [])) {
    const owner = OWNED.exec(name);
    if (owner === null || owner[1] !== basename(base)) continue;
    const path = join(directory, name);
    const isDead = owner[2] === host() && !isAlive(Number(owner[3]));
    if (isDead || (await age(path)) > ABANDONED_AFTER_MS) found.push(path);
  }
  return found;
}

/** Removes them. One that cannot be removed, or that somebody else took first, does no harm. */
export async function removeAbandoned(base: string): Promise<void> {
  for (const path of await abandonedScratch(base)) {
    await rm(path, { recursive: true, force: true }).catch(() => undefined);
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it lives, as another user's.
    return systemErrorCode(error) !== 'ESRCH';
  }
}

async function age(path: string): Promise<number> {
  const status = await lstat(path).catch(() => undefined);
  return status === undefined ? 0 : Date.now() - status.mtimeMs;
}
