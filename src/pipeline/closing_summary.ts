import { dirname, join, normalize } from 'node:path';
import type { RunSummary } from '../runs/summary.js';
import { RUNS } from '../storage/run_directory.js';
import { quoted } from '../terminal/command_line.js';
import { grouped, percent } from '../terminal/format.js';

/** What a run ends with on the screen: the best epoch, and where everything is. */
export function closingSummary({ best, epochs, test, run_directory: directory }: RunSummary): string {
  const rows = [
    ['Best epoch', `${best?.epoch} of ${epochs}`],
    ['Test accuracy', `${percent(test.accuracy)} (${grouped(test.correct)} of ${grouped(test.count)})`],
    ['Test loss', test.loss.toFixed(4)],
    ['Run directory', directory],
    ['Best weights', join(directory, 'checkpoints', 'best')],
    ['Report', join(directory, 'report.html')],
    ['TensorBoard', `tensorboard --logdir ${quoted(logDirectory(directory))}`],
  ] as const;
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `${name.padEnd(width)}  ${value}`).join('\n');
}

/** All runs side by side where this one is among them; a directory elsewhere may be next to anything. */
function logDirectory(directory: string): string {
  return dirname(normalize(directory)) === RUNS ? RUNS : directory;
}
