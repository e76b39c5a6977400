import { afterEach, describe, expect, it, vi } from 'vitest';
import { CompiledProgram } from '../../src/engines/compiled_program.js';
import { OnnxRuntimeEngine } from '../../src/engines/onnxruntime/engine.js';
import * as ort from '../../src/engines/onnxruntime/onnxruntime.js';
import { drawMasks } from '../../src/model/masks.js';
import { layers } from '../../src/registry/layers/index.js';
import { livelyState, programs, randomBatch, trainStepOn } from '../helpers/programs.js';
import { everyLayerPlan } from '../helpers/small_plan.js';

const plan = everyLayerPlan({ optimizer: { type: 'adam' } });
const open = () => programs['onnxruntime-cpu'](plan, livelyState(plan));
const step = (size: number) =>
  [randomBatch(plan, size, 0), drawMasks(plan, 0, 0, size), { step: 1, learningRate: 0.1 }] as const;

/** Counts the sessions that are open. */
function countSessions(): () => number {
  let count = 0;
  const { create } = ort.InferenceSession;
  vi.spyOn(ort.InferenceSession, 'create').mockImplementation((async (
    ...given: Parameters<typeof create>
  ) => {
    const session = await create.apply(ort.InferenceSession, given);
    count++;
    const release = session.release.bind(session);
    session.release = () => {
      count--;
      return release();
    };
    return session;
  }) as typeof create);
  return () => count;
}

describe('CompiledProgram', () => {
  afterEach(() => vi.restoreAllMocks());

  it('compiles a graph once for each batch size', async () => {
    const forward = vi.spyOn(layers.global_avg_pool, 'forward');
    const program = await open();
    await program.prepare(2);
    await trainStepOn(program, ...step(2));
    await trainStepOn(program, ...step(2));
    expect(forward).toHaveBeenCalledTimes(1);
    await trainStepOn(program, ...step(1));
    expect(forward).toHaveBeenCalledTimes(2);
    await program.evaluate(randomBatch(plan, 2, 0));
    await program.evaluate(randomBatch(plan, 2, 1));
    expect(forward).toHaveBeenCalledTimes(3);
    program.dispose();
  });

  it('has sessions of the largest batches only, between two steps', async () => {
    const open = countSessions();
    const program = await programs['onnxruntime-cpu'](plan, livelyState(plan));
    await program.prepare(3);
    const training = open();
    await trainStepOn(program, ...step(1));
    expect(open()).toBe(training);
    await program.evaluate(randomBatch(plan, 3, 0));
    const both = open();
    for (const size of [1, 2]) await program.evaluate(randomBatch(plan, size, 0));
    await trainStepOn(program, ...step(2));
    expect(open()).toBe(both);
    program.dispose();
    await vi.waitFor(() => expect(open()).toBe(0));
  });

  it('trains an odd batch to the same bits each time that it is opened', async () => {
    const results: unknown[] = [];
    for (let round = 0; round < 2; round++) {
      const program = await open();
      await program.prepare(2);
      await trainStepOn(program, ...step(1));
      await trainStepOn(program, ...step(2));
      results.push([await trainStepOn(program, ...step(1)), (await program.state()).parameters]);
      program.dispose();
    }
    expect(results[1]).toEqual(results[0]);
  });

  it.each([2, 3, 5, 8])(
    'evaluates %i images in a batch for 9 to the bits of their own graph',
    async (size) => {
      const all = randomBatch(plan, 9, 0);
      const pixels = all.images.length / 9;
      const some = {
        size,
        images: all.images.slice(0, size * pixels),
        labels: all.labels.slice(0, size),
      };
      const own = await open();
      const expected = await own.evaluate(some);
      own.dispose();
      const program = await open();
      const full = await program.evaluate(all);
      const evaluation = await program.evaluate(some);
      expect(evaluation).toEqual(expected);
      const { losses, logits } = evaluation;
      expect(losses).toEqual(full.losses.slice(0, size));
      expect(logits).toEqual(full.logits.slice(0, logits.length));
      program.dispose();
    },
  );

  it('that only evaluates has no gradients and no slots', async () => {
    const { parameters, buffers } = livelyState(plan);
    const program = await programs['onnxruntime-cpu'](plan, { parameters, buffers, slots: new Map() });
    await program.evaluate(randomBatch(plan, 2, 0));
    expect((await program.gradients()).size).toBe(0);
    expect((await program.state()).slots.size).toBe(0);
    await trainStepOn(program, ...step(2));
    const expected = await open();
    await trainStepOn(expected, ...step(2));
    expect(await program.state()).toEqual(await expected.state());
    program.dispose();
    expected.dispose();
  });

  it('its state is what the next step changes: nothing is copied', async () => {
    const program = await open();
    await program.prepare(2);
    const { parameters, slots } = await program.state();
    const before = parameters.get('fc.bias')!.data.slice();
    await trainStepOn(program, ...step(2));
    expect(parameters.get('fc.bias')!.data).not.toEqual(before);
    expect(
      slots
        .get('exp_avg')!
        .get('fc.bias')!
        .data.some((value) => value !== 0),
    ).toBe(true);
    program.dispose();
  });

  it('a model that does not compile is an error of the step alone', async () => {
    vi.spyOn(layers.relu, 'forward').mockImplementation((tf, _options, _context, x) => tf.atan(x));
    // A rejection that nobody handles would end the process: here, the test run.
    const program = await open();
    await expect(program.prepare(2)).rejects.toThrow('layer "relu": TensorFlow.js kernel Atan');
    await expect(trainStepOn(program, ...step(2))).rejects.toThrow('layer "relu": TensorFlow.js kernel Atan');
    program.dispose();
    await new Promise((resolve) => setImmediate(resolve));
  });

  it('an unknown provider is an error of ONNX Runtime', async () => {
    const engine = new OnnxRuntimeEngine({ executionProviders: ['none'], threads: 1, device: false });
    const program = new CompiledProgram(plan, engine, livelyState(plan));
    await expect(program.prepare(1)).rejects.toThrow(/no available backend|none/i);
    program.dispose();
  });
});
