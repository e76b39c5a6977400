import { link, lstat, readFile, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { systemErrorCode, UserError } from '../errors.js';
import { fileError } from './file_error.js';
import { isRunning, processStart } from './process_identity.js';
import { temporaryName } from './temporary_name.js';

/** The right to write in a run directory. */
export interface RunLock {
  release(): Promise<void>;
}

/** `start` tells a process from a later one with the same pid; null where the system does not say. */
interface Owner {
  readonly pid: number;
  readonly hostname: string;
  readonly start: string | null;
}

/**
 * Takes the lock of a run directory (a file `.lock`), so that no two processes train into it. One left behind by a
 * process of this host that has ended is taken over.
 * Throws a UserError that names the other process, or why the directory cannot be written.
 */
export async function lockRunDirectory(directory: string): Promise<RunLock> {
  const path = join(directory, '.lock');
  const owner: Owner = { pid: process.pid, hostname: hostname(), start: processStart(process.pid) };
  const text = `${JSON.stringify(owner)}\n`;
  try {
    await acquire(path, text);
  } catch (error) {
    throw fileError('write', path, error);
  }
  return {
    release: async () => {
      if ((await readLock(path)) === text) await rm(path, { force: true });
    },
  };
}

async function acquire(path: string, text: string): Promise<void> {
  while (!(await createLock(path, text))) await removeStaleLock(path, text);
}

/** False if the lock exists. It appears with its content: a link, unlike open('wx'), cannot be seen half-written. */
async function createLock(path: string, text: string): Promise<boolean> {
  const temporary = temporaryName(path);
  await writeFile(temporary, text, { flag: 'wx' });
  try {
    await link(temporary, path);
    return true;
  } catch (error) {
    if (systemErrorCode(error) === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(temporary, { force: true });
  }
}

/** Removes the lock if its process has ended, and throws a UserError if it has not or nobody here can know. */
async function removeStaleLock(path: string, ours: string): Promise<void> {
  const text = await readLock(path);
  if (text === null) return; // released meanwhile
  const owner = parseOwner(text);
  if (owner === null) throw locked(path, 'its lock cannot be read', 'If no process trains there');
  if (owner.hostname !== hostname()) {
    const who = `process ${owner.pid} on ${owner.hostname} trains there`;
    throw locked(path, who, 'If that process has ended (which only its host can tell)');
  }
  if (isRunning(owner.pid, owner.start)) {
    throw locked(
      path,
      `process ${owner.pid} trains there`,
      `Wait for it, or stop it (kill ${owner.pid}); if it has ended`,
    );
  }
  // Others may have found the same stale lock, and one of them may hold a new one by now. So only the holder of a
  // second lock removes, and looks again first; should it be killed, its lock is taken over in the same way.
  const guard = `${path}.takeover`;
  await acquire(guard, ours);
  try {
    if ((await readLock(path)) === text) await rm(path);
  } finally {
    await rm(guard, { force: true });
  }
}

async function readLock(path: string): Promise<string | null> {
  try {
    // A link may lead nowhere, and a pipe never ends: neither is a lock of gnet's.
    if (!(await lstat(path)).isFile())
      throw locked(path, 'its lock is no file', 'If no process trains there');
    return await readFile(path, 'utf8');
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return null;
    throw fileError('read', path, error);
  }
}

function parseOwner(text: string): Owner | null {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof json !== 'object' || json === null) return null;
  const { pid, hostname: host, start } = json as Record<string, unknown>;
  // Pids from 0 down mean groups of processes to kill(2).
  if (typeof pid !== 'number' || !Number.isSafeInteger(pid) || pid < 1) return null;
  if (typeof host !== 'string' || (start !== null && typeof start !== 'string')) return null;
  return { pid, hostname: host, start };
}

function locked(path: string, problem: string, when: string): UserError {
  return new UserError(`the run directory is in use: ${problem} (${path})`, {
    hint: `${when}, remove ${path}.`,
  });
}
