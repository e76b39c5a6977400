import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { beforeEach, expect, test } from 'vitest';
import { trainInProcess } from '../../../src/backends/verify/process.js';
import { Interrupted, UserError } from '../../../src/errors.js';
import { temporaryDirectory } from '../../helpers/temporary_directory.js';
import { tinyPlan } from '../../helpers/tiny_plan.js';

const STEPS = 2;
let entry: string;
beforeEach(() => {
  entry = join(temporaryDirectory(), 'entry.mjs');
});

/** Trains with a program in whose training steps `source` runs, before or in place of the model's own. */
function trainBroken(
  source: string,
  onStep = (_: number) => {},
  signal = new AbortController().signal,
  moreClasses: readonly string[] = [],
) {
  const url = (file: string) => JSON.stringify(pathToFileURL(resolve('dist', file)).href);
  writeFileSync(
    entry,
    `import { EngineError } from ${url('engines/engine_error.js')};
     import { openProgram } from ${url('backends/open_program.js')};
     import { answerTraining } from ${url('backends/verify/child.js')};
     answerTraining(async (...given) => {
       const program = await openProgram(...given);
       const update = program.update.bind(program);
       program.update = async (given) => {
         ${source}
         return update(given);
       };
       return program;
     });`,
  );
  const { config, dataset } = tinyPlan();
  const facts = { ...dataset, classes: [...dataset.classes, ...moreClasses] };
  const request = { backend: 'cpu', config, dataset: facts, steps: STEPS, threads: 1 } as const;
  return trainInProcess(request, { entry, signal, onStep });
}

const errorOf = (training: Promise<unknown>) => training.catch((error: unknown) => error);

test('tells each step, and hands over losses and state', async () => {
  const steps: number[] = [];
  const { losses, state } = await trainBroken('', (step) => steps.push(step));
  expect(steps).toEqual([1, 2]);
  expect(losses).toHaveLength(STEPS);
  expect([...state.slots.keys()]).toEqual(['exp_avg', 'exp_avg_sq']);
  const { shape, data } = state.parameters.get('fc.weight')!;
  expect([shape, data.length, data.constructor]).toEqual([[8, 12], 96, Float32Array]);
});

test('trains on the data that the parent knows: other data are refused', async () => {
  await expect(trainBroken('', undefined, undefined, ['a ninth'])).rejects.toThrow(
    'data set shapes: expected the classes disc',
  );
});

test('a backend that fails is named, with the step', async () => {
  const error = await errorOf(
    trainBroken("if (given.step === 2) throw new EngineError(new Error('Device lost'));"),
  );
  expect(error).toBeInstanceOf(UserError);
  expect(error).toMatchObject({
    message: 'backend cpu failed in the update of step 2 (epoch 1): Device lost',
    hint: expect.stringContaining('gnet doctor'),
  });
});

test("a mistake of gnet's own keeps its stack", async () => {
  const error = (await errorOf(trainBroken("throw new Error('expected a mask');"))) as Error;
  expect(error).not.toBeInstanceOf(UserError);
  expect(error.message).toBe('expected a mask');
  expect(error.stack).toMatch(/^Error: expected a mask\n {4}at .*entry\.mjs/);
});

test.each([
  ["process.kill(process.pid, 'SIGSEGV'); for (;;);", 'SIGSEGV; the last that it printed: last words'],
  ['process.exit(7);', 'exit code 7; the last that it printed: last words'],
])('a backend that ends the process: %s', async (source, end) => {
  const error = await errorOf(
    trainBroken(`if (given.step === 2) { console.error('first\\nlast words'); ${source} }`),
  );
  expect(error).toBeInstanceOf(UserError);
  expect((error as UserError).message).toBe(
    `backend cpu failed after 1 of 2 steps: its process ended with ${end}`,
  );
});

test('is ended where the user asks to stop, also in the middle of a step', async () => {
  const controller = new AbortController();
  const hangs = trainBroken('if (given.step === 2) for (;;);', () => controller.abort(), controller.signal);
  await expect(hangs).rejects.toBeInstanceOf(Interrupted);
  await expect(trainBroken('', () => {}, controller.signal)).rejects.toBeInstanceOf(Interrupted);
});
