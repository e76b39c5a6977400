import { styleText } from 'node:util';
import { figures } from 'listr2';
import type { Outcome } from './stage.js';

const MARKS = {
  begun: { figure: figures.pointer, color: 'yellow' },
  done: { figure: figures.tick, color: 'green' },
  skipped: { figure: figures.arrowDown, color: 'yellow' },
  stopped: { figure: figures.squareSmallFilled, color: 'yellow' },
  failed: { figure: figures.cross, color: 'red' },
} as const;

/** What stands before the title of a stage; plain unless the stream shows colours (NO_COLOR, FORCE_COLOR, TERM). */
export function mark(state: Outcome | 'begun', stream: NodeJS.WritableStream): string {
  const { figure, color } = MARKS[state];
  return styleText(color, figure, { stream });
}
