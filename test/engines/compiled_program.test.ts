import { afterEach, describe, expect, it, vi } from 'vitest';
import { CompiledProgram } from '../../src/engines/compiled_program.js';
import { OnnxRuntimeEngine } from '../../src/engines/onnxruntime/engine.js';
import { drawMasks } from '../../src/model/masks.js';
import { layers } from '../../src/registry/layers/index.js';
import { livelyState, programs, randomBatch, trainStepOn } from '../helpers/programs.js';
import { everyLayerPlan } from '../helpers/small_plan.js';

const plan = everyLayerPlan({ optimizer: { type: 'adam' } });
const open = () => programs['onnxruntime-cpu'](plan, livelyState(plan));
const step = (size: number) =>
  [randomBatch(plan, size, 0), drawMasks(plan, 0, 0, size), { step: 1, learningRate: 0.1 }] as const;

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
    vi.spyOn(layers.relu, 'forward').mockImplementation((tf, _options, _context, x) => tf.erf(x));
    // A rejection that nobody handles would end the process: here, the test run.
    const program = await open();
    await expect(program.prepare(2)).rejects.toThrow('layer "relu": TensorFlow.js kernel Erf');
    await expect(trainStepOn(program, ...step(2))).rejects.toThrow('layer "relu": TensorFlow.js kernel Erf');
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
