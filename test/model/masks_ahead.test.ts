import { spawnSync } from 'node:child_process';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Plan } from '../../src/config/resolve.js';
import * as masks from '../../src/model/masks.js';
import { MasksAhead } from '../../src/model/masks_ahead.js';
import { smallPlan } from '../helpers/small_plan.js';
import { waitUntil } from '../helpers/wait_until.js';

// What is drawn in this thread is counted; the other thread has its own.
vi.mock(import('../../src/model/masks.js'), async (original) => {
  const module = await original();
  return { ...module, drawMasks: vi.fn(module.drawMasks) };
});
const drawnHere = vi.mocked(masks.drawMasks);
const { drawMasks } = await vi.importActual<typeof masks>('../../src/model/masks.js');

/** 2 epochs of batches 3, 3 and 1, with masks of `units` and 5 numbers an image. */
function planOf(units: number): Plan {
  const plan = smallPlan({
    layers: [
      { type: 'flatten', name: 'flatten' },
      { type: 'linear', name: 'fc1', units },
      { type: 'dropout', name: 'drop1', rate: 0.3 },
      { type: 'linear', name: 'fc2', units: 5 },
      { type: 'dropout', name: 'drop2', rate: 0.5 },
      { type: 'linear', name: 'fc3', units: 'num_classes' },
    ],
  });
  const training = { ...plan.config.training, epochs: 2, batch_size: 3 };
  return { ...plan, config: { ...plan.config, training } };
}

const LARGE = planOf(6000);
const STEPS = [1, 2].flatMap((epoch) => [3, 3, 1].map((size, index) => ({ epoch, first: 3 * index, size })));
const [first, second] = STEPS as [(typeof STEPS)[0], (typeof STEPS)[0]];

let opened: MasksAhead[] = [];
beforeEach(() => void drawnHere.mockClear());
afterEach(async () => {
  for (const each of opened) await each.dispose();
  opened = [];
});

function open(plan: Plan, worker?: URL): MasksAhead {
  const ahead = new MasksAhead(plan, worker);
  opened.push(ahead);
  return ahead;
}

const script = (text: string) => new URL(`data:text/javascript,${encodeURIComponent(text)}`);

it.each([
  ['large', LARGE],
  ['small', planOf(5)],
])('%s masks are those of drawMasks, whoever draws them', async (_, plan) => {
  const ahead = open(plan);
  for (const step of STEPS) {
    expect(ahead.take(step)).toEqual(drawMasks(plan, step.epoch, step.first, step.size));
    // Some turns in which the thread may draw.
    for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
  }
});

it('the thread draws the next steps while this one is busy, and moves them here', async () => {
  const ahead = open(LARGE);
  let taken: ReturnType<typeof ahead.take> | undefined;
  await waitUntil('the masks of the next step', () => {
    ahead.take(first);
    drawnHere.mockClear();
    taken = ahead.take(second);
    return drawnHere.mock.calls.length === 0;
  });
  expect(taken).toEqual(drawMasks(LARGE, second.epoch, second.first, second.size));
  expect([...taken!.values()].every(({ buffer }) => buffer instanceof ArrayBuffer)).toBe(true);
});

it('takes what is drawn without a turn of the event loop', () => {
  const ahead = open(LARGE);
  const until = performance.now() + 60_000;
  do {
    ahead.take(first);
    drawnHere.mockClear();
    ahead.take(second);
  } while (drawnHere.mock.calls.length > 0 && performance.now() < until);
  expect(drawnHere).not.toHaveBeenCalled();
});

it('asks for two steps at most, to the end of the run and not beyond', async () => {
  const asked = new BroadcastChannel('gnet-test-masks');
  const heard: unknown[] = [];
  asked.onmessage = ({ data }) => heard.push(data);
  const silent = script(`
    import { workerData } from 'node:worker_threads';
    const channel = new BroadcastChannel('gnet-test-masks');
    workerData.port.on('message', (request) => channel.postMessage(request));`);
  const ahead = open(LARGE, silent);
  // It answers nothing: a thread that is late is not asked for more.
  for (const step of STEPS) ahead.take(step);
  const late = open(LARGE, silent);
  late.take(STEPS[4]!);
  const last = open(LARGE, silent);
  last.take(STEPS[5]!);
  await waitUntil('three requests', () => heard.length >= 3);
  asked.close();
  expect(heard).toHaveLength(3);
  expect(heard).toEqual(expect.arrayContaining([STEPS[1], STEPS[2], STEPS[5]]));
});

it('a thread is started where it pays only', () => {
  const plan = planOf(5);
  const broken = script('throw new Error("not to be loaded")');
  const ahead = open(plan, broken);
  for (const step of STEPS) ahead.take(step);
  expect(drawnHere).toHaveBeenCalledTimes(STEPS.length);
});

it.each([
  ['at its start', 'throw new RangeError("struck")'],
  [
    'in a request',
    `import { workerData } from 'node:worker_threads';
    workerData.port.on('message', () => { throw new RangeError('struck'); });`,
  ],
])('an error of the thread %s is thrown where masks are asked for', async (_, text) => {
  const ahead = open(LARGE, script(text));
  await waitUntil('an error', () => {
    try {
      ahead.take(first);
      return false;
    } catch (error) {
      expect(error).toMatchObject({ name: 'RangeError', message: 'struck' });
      return true;
    }
  });
});

it('keeps no process alive', () => {
  const text = `
    const { MasksAhead } = await import('./dist/model/masks_ahead.js');
    // What nobody holds may be collected, and its thread with it.
    globalThis.ahead = new MasksAhead(JSON.parse(process.argv[1]));
    globalThis.ahead.take({ epoch: 1, first: 0, size: 3 });
    process.stdout.write('taken');`;
  const { status, stdout, signal } = spawnSync(
    process.execPath,
    ['--input-type=module', '--eval', text, JSON.stringify(LARGE)],
    { encoding: 'utf8', timeout: 60_000 },
  );
  expect({ status, stdout, signal }).toEqual({ status: 0, stdout: 'taken', signal: null });
});
