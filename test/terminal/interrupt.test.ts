import { afterEach, expect, test, vi } from 'vitest';
import { InterruptHandler } from '../../src/terminal/interrupt.js';

let handler: InterruptHandler;
afterEach(() => {
  handler.dispose();
  vi.restoreAllMocks();
});

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

test.each(SIGNALS)('%s asks to stop and aborts what waits', async (name) => {
  handler = new InterruptHandler();
  expect(await handler.stopRequested()).toBe(false);
  expect(handler.signal.aborted).toBe(false);
  process.emit(name, name);
  expect(await handler.stopRequested()).toBe(true);
  expect(handler.signal.aborted).toBe(true);
});

test('a real signal is seen by a loop that never waits for anything else', async () => {
  handler = new InterruptHandler();
  process.kill(process.pid, 'SIGTERM');
  let asked = 0;
  while (!(await handler.stopRequested())) asked++;
  expect(asked).toBeLessThan(1000);
});

test('a second one, after the answer to the first, ends the process; what arrived with the first does not', async () => {
  const exit = vi.spyOn(process, 'exit').mockReturnValue(undefined as never);
  handler = new InterruptHandler();
  const answers: boolean[] = [];
  handler.answer = () => answers.push(handler.requested);
  process.emit('SIGINT', 'SIGINT');
  process.emit('SIGINT', 'SIGINT');
  expect(answers).toEqual([true]);
  expect(await handler.stopRequested()).toBe(true);
  expect(exit).not.toHaveBeenCalled();
  process.emit('SIGINT', 'SIGINT');
  expect(answers).toEqual([true]);
  expect(exit).toHaveBeenCalledExactlyOnceWith(130);
});

test('a second SIGHUP does not: the kernel and the shell each send one', async () => {
  const exit = vi.spyOn(process, 'exit').mockReturnValue(undefined as never);
  handler = new InterruptHandler();
  process.emit('SIGHUP', 'SIGHUP');
  await handler.stopRequested();
  process.emit('SIGHUP', 'SIGHUP');
  expect(exit).not.toHaveBeenCalled();
});

test('leaves no listener behind', () => {
  const listeners = () => SIGNALS.reduce((sum, name) => sum + process.listenerCount(name), 0);
  const before = listeners();
  handler = new InterruptHandler();
  expect(listeners()).toBe(before + 3);
  handler.dispose();
  expect(listeners()).toBe(before);
});
