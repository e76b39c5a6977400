import { stripVTControlCharacters } from 'node:util';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { LiveScreen } from '../../src/terminal/live_screen.js';
import type { TableRow } from '../../src/terminal/live_table.js';
import { FakeTerminal } from '../helpers/terminal.js';

let terminal: FakeTerminal;
let screen: LiveScreen;
beforeEach(() => {
  vi.useFakeTimers();
  vi.stubEnv('NO_COLOR', undefined);
  vi.stubEnv('FORCE_COLOR', undefined);
  terminal = new FakeTerminal(60);
  screen = new LiveScreen(terminal.asStream());
});
afterEach(() => {
  screen.close();
  vi.useRealTimers();
  vi.unstubAllEnvs();
});

const row = (epoch: number): TableRow => ({
  columns: [
    { title: 'epoch', width: 5, rank: 0 },
    { title: 'loss', width: 6, rank: 1 },
  ],
  cells: [String(epoch), '0.1250'],
  note: '',
});
const half = { share: 0.5, facts: ['epoch 1/2', 'loss 0.1250', '3 s left'] };

test('what is done stays; the stage under way is the last line, drawn over ten times a second', () => {
  screen.begin('Train');
  expect(terminal.lines).toEqual(['⠋ Train']);
  screen.progress(half);
  expect(terminal.lines).toEqual(['⠋ Train']);
  vi.advanceTimersByTime(100);
  const live = '⠙ ━━━━━━━━━━━────────────  epoch 1/2  loss 0.1250  3 s left';
  expect(terminal.lines).toEqual([live]);
  screen.line('', row(1));
  expect(terminal.lines).toEqual(['  epoch    loss', '      1  0.1250', live]);
  screen.line('the connection broke');
  screen.line('', row(2));
  screen.end('done', 'Train: 2 epochs');
  expect(terminal.lines).toEqual([
    ...['  epoch    loss', '      1  0.1250', '› the connection broke', '      2  0.1250'],
    ...['✔ Train: 2 epochs', ''],
  ]);
  screen.begin('Evaluate');
  expect(terminal.lines.at(-1)).toBe('⠙ Evaluate');
});

test('ten steps between two draws are one piece; nothing is erased before it is written over', () => {
  screen.begin('Train');
  const before = terminal.pieces.length;
  for (let step = 1; step <= 10; step++) screen.progress({ share: step / 10, facts: [`step ${step}`] });
  vi.advanceTimersByTime(100);
  const drawn = terminal.pieces.slice(before);
  expect(drawn).toHaveLength(1);
  expect(drawn[0]!.endsWith('step 10\x1b[J\r')).toBe(true);
  expect(drawn[0]!.indexOf('\x1b[J')).toBe(drawn[0]!.length - 4);
});

test('a long line that stays is wrapped, not cut or drawn over', () => {
  screen.begin('Data set');
  const path = 'x'.repeat(150);
  screen.end('done', path);
  screen.begin('Train');
  expect(terminal.lines.slice(0, 3).join('')).toBe(`✔ ${path}`);
  expect(terminal.lines[3]).toBe('⠋ Train');
});

test('the live line follows the width of the terminal', () => {
  screen.begin('Train');
  screen.progress(half);
  terminal.columns = 32;
  vi.advanceTimersByTime(100);
  expect(terminal.lines).toEqual(['⠙ ━━━━────  epoch 1/2  3 s left']);
  terminal.columns = 3;
  vi.advanceTimersByTime(100);
  expect(terminal.lines).toHaveLength(1);
});

test('what others print meanwhile follows at the end, and the cursor comes back', () => {
  screen.begin('Train');
  expect(terminal.cursorIsHidden).toBe(true);
  terminal.write('(node:1) Warning: something\n');
  vi.advanceTimersByTime(500);
  screen.end('failed', 'Train');
  screen.close();
  expect(terminal.lines).toEqual(['✖ Train', '', '(node:1) Warning: something', '']);
  expect(terminal.cursorIsHidden).toBe(false);
  expect(process.listeners('exit')).not.toContain(screen.close);
});

test('a process that ends at once leaves the line and gives the cursor back', () => {
  screen.begin('Train');
  expect(process.listeners('exit')).toContain(screen.close);
  screen.close();
  expect(terminal.lines).toEqual(['⠋ Train', '']);
  expect(terminal.cursorIsHidden).toBe(false);
});

test.each([
  ['colours', undefined, true],
  ['NO_COLOR', '1', false],
])('%s', (_, noColor, coloured) => {
  vi.stubEnv('NO_COLOR', noColor);
  screen.begin('Train');
  screen.end('done', 'Train');
  expect(terminal.pieces.join('').includes('\x1b[32m✔')).toBe(coloured);
  expect(stripVTControlCharacters(terminal.pieces.join(''))).toContain('✔ Train\n');
});
