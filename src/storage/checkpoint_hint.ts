import { existsSync, readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** What to do about a checkpoint that is damaged; names the others of its run, if there are any. */
export function checkpointHint(directory: string): string {
  const others = siblings(directory);
  if (others.length === 0) return 'Restore it from a copy, or train again.';
  return `Restore it from a copy, or use another checkpoint of the run: ${others.join(', ')}`;
}

/** Whole checkpoints beside `directory`, oldest first. */
function siblings(directory: string): string[] {
  const parent = dirname(directory);
  if (!existsSync(parent)) return [];
  return readdirSync(parent)
    .filter((name) => /^step-\d{8,}/.test(name) && name !== basename(directory))
    .map((name) => join(parent, name))
    .filter((path) => existsSync(join(path, 'state.json')))
    .toSorted();
}
