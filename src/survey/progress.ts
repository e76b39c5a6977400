import { grouped } from '../terminal/format.js';
import type { StageOutput } from '../terminal/stage.js';

/** Images between two signs of life. */
const EVERY = 50;

export function tellProgress(output: StageOutput, done: number, count: number): void {
  if (done % EVERY !== 0) return;
  output.progress({ share: done / count, facts: [`${grouped(done)}/${grouped(count)} images`] });
}
