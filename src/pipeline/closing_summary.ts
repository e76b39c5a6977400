import { dirname, join, normalize } from 'node:path';
import { OPTIMISTIC } from '../runs/chosen_on.js';
import type { RunSummary } from '../runs/summary.js';
import { RUNS } from '../storage/run_directory.js';
import { quoted } from '../terminal/command_line.js';
import { grouped, percent } from '../terminal/format.js';

/** What a run ends with on the screen: the best epoch, and where everything is. */
export function closingSummary(summary: RunSummary): string {
  const { best, epochs, test, run_directory: directory } = summary;
  const onTest = summary.chosen_on === 'test';
  const correct = `${grouped(test.correct)} of ${grouped(test.count)}`;
  const validation = [
    ['Validation accuracy', percent(best!.accuracy)],
    ['Validation loss', best!.loss.toFixed(4)],
  ] as const;
  const rows = [
    ['Best epoch', `${best!.epoch} of ${epochs}, by ${summary.chosen_on} accuracy`],
    ...(onTest ? [] : validation),
    ['Test accuracy', `${percent(test.accuracy)} (${correct}${onTest ? `; ${OPTIMISTIC}` : ''})`],
    ['Test loss', test.loss.toFixed(4)],
    ['Run directory', directory],
    ['Best weights', `${join(directory, 'checkpoints', 'best')}${summary.weights ? ', averaged' : ''}`],
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
