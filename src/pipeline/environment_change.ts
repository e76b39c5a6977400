import { formatValue } from '../config/words.js';
import { hasThreads } from '../registry/backends.js';
import type { Environment } from './environment.js';

/** What decides in which order sums are taken, and so their last bits. */
const DECISIVE = ['backend', 'threads'] as const satisfies (keyof Environment)[];

/**
 * What a resumed run computes with otherwise than its last session did, in a sentence; null where nothing changed.
 * @param before the environment.json of that session, of which nothing is sure
 */
export function environmentChange(before: unknown, now: Environment): string | null {
  const values = typeof before === 'object' && before !== null ? (before as Record<string, unknown>) : {};
  const decisive = hasThreads(now.backend) ? DECISIVE : (['backend'] as const);
  const changes = decisive
    .filter((key) => key in values && values[key] !== now[key])
    .map((key) => `${key} ${formatValue(now[key])}, before it was ${formatValue(values[key])}`);
  if (changes.length === 0) return null;
  return `resumed with ${changes.join('; ')}: results will differ in their last bits from those of an uninterrupted run`;
}
