import { isUnicodeSupported } from 'listr2';
import type { Fact, Progress } from './stage.js';

const [DONE, LEFT] = isUnicodeSupported() ? ['━', '─'] : ['#', '-'];
const SHORTEST_BAR = 5;
const LONGEST_BAR = 24;
const GAP = '  ';

/** The facts as a line for logs. */
export function progressText({ facts }: Progress): string {
  return inForm(facts, 'long').join(', ');
}

/** A bar and the facts in at most `room` characters: facts are shortened, then left out, before the bar goes. */
export function progressLine({ share, facts }: Progress, room: number): string {
  const smallest = share === null ? 0 : SHORTEST_BAR + GAP.length;
  const candidates = wordings(facts);
  const text = candidates.find((words) => smallest + words.length <= room);
  if (text === undefined) return candidates.at(-1)!.slice(0, Math.max(room, 0));
  return share === null ? text : `${bar(share, room - text.length - GAP.length)}${GAP}${text}`;
}

/** All facts, all of them short, and then always one fewer, the last but one, down to the last. */
function wordings(facts: readonly Fact[]): string[] {
  const short = inForm(facts, 'short');
  const fewer = short.map((_, left) => [...short.slice(0, short.length - 1 - left), short.at(-1)!]);
  return [inForm(facts, 'long'), ...fewer].map((words) => words.join(GAP));
}

function inForm(facts: readonly Fact[], form: 'long' | 'short'): string[] {
  return facts.map((fact) => (typeof fact === 'string' ? fact : fact[form]));
}

function bar(share: number, room: number): string {
  const width = Math.min(room, LONGEST_BAR);
  const done = Math.min(Math.floor(share * width), width);
  return DONE.repeat(done) + LEFT.repeat(width - done);
}
