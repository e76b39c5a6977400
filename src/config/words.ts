/** `a, b or c` */
export function alternatives(words: readonly string[]): string {
  if (words.length < 2) return words.join('');
  return `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
}

const LONGEST = 60;

/** A value as a message shows it: one line, printable, not too long. */
export function formatValue(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : `a list of ${value.length}`;
  if (typeof value === 'object' && value !== null) {
    const keys = Object.keys(value);
    return keys.length === 0 ? 'an empty map' : `a map with ${shorten(keys.join(', '))}`;
  }
  return typeof value === 'string' ? JSON.stringify(shorten(value)) : String(value);
}

/** The text with its control characters escaped and its end cut off where it is long. */
export function shorten(text: string, longest = LONGEST): string {
  return printable(text.length > longest ? `${text.slice(0, longest)}…` : text);
}

/** The text with its control characters escaped: what others wrote must not steer a terminal. */
export function printable(text: string): string {
  return text.replace(
    /\p{Cc}/gu,
    (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
}

/** What other programs of this field call it. */
const FAMILIAR: ReadonlyMap<string, string> = new Map([
  ['lr', 'learning_rate'],
  ['wd', 'weight_decay'],
  ['bs', 'batch_size'],
  ['train', 'run'],
  ['fit', 'run'],
  ['test', 'eval'],
  ['infer', 'predict'],
  ['conv2d', 'conv'],
  ['dense', 'linear'],
  ['fc', 'linear'],
  ['maxpool2d', 'max_pool'],
  ['avgpool2d', 'avg_pool'],
  ['batchnorm', 'batch_norm'],
  ['batchnorm2d', 'batch_norm'],
  ['cuda', 'onnxruntime-cuda'],
  ['gpu', 'onnxruntime-cuda'],
]);

/** The candidate that `word` is probably a slip of, or undefined where none is close. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  const wanted = word.toLowerCase();
  const familiar = FAMILIAR.get(wanted);
  if (familiar !== undefined && candidates.includes(familiar)) return familiar;
  let best: string | undefined;
  let bestDistance = Number.POSITIVE_INFINITY;
  for (const candidate of candidates) {
    const limit = Math.floor(Math.min(wanted.length, candidate.length) / 3);
    // Also spares a hostile, very long word the quadratic comparison.
    if (Math.abs(wanted.length - candidate.length) > limit) continue;
    const distance = editDistance(wanted, candidate.toLowerCase());
    if (distance <= limit && distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  return best ?? candidates.find((candidate) => candidate.length > 2 && wanted.startsWith(`${candidate}_`));
}

/** The end of a message on `word`: the candidate that it is probably a slip of, if there is one. */
export function suggestion(word: string, candidates: readonly string[]): string {
  const near = nearest(word, candidates);
  return near === undefined ? '' : `; did you mean ${near}?`;
}

/** Insertions, deletions, substitutions and swaps of neighbours that turn one word into the other. */
export function editDistance(a: string, b: string): number {
  let [beforeLast, last]: [number[], number[]] = [[], Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      row[j] = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        row[j] = Math.min(row[j]!, beforeLast[j - 2]! + 1);
      }
    }
    [beforeLast, last] = [last, row];
  }
  return last[b.length]!;
}
