import { expect, onTestFinished, test } from 'vitest';
import { openProgram } from '../../src/backends/open_program.js';
import { batchAt, epochOrder } from '../../src/data/batches.js';
import { CompiledProgram } from '../../src/engines/compiled_program.js';
import { EagerProgram } from '../../src/engines/eager/eager_program.js';
import { initialState } from '../../src/model/state.js';
import { dataOf, tinyPlan } from '../helpers/tiny_plan.js';

test('compiled or eager, as the backend is, with the state that it is given', async () => {
  const plan = tinyPlan();
  const { test: records } = await dataOf(plan);
  const order = epochOrder(0, 0, records.count, false);
  const batch = batchAt({ records, order, batchSize: 4, augment: [] }, 0);
  const losses: number[][] = [];
  for (const [name, kind] of [
    ['onnxruntime-cpu', CompiledProgram],
    ['cpu', EagerProgram],
  ] as const) {
    const program = await openProgram(plan, name, 1, initialState(plan));
    onTestFinished(() => program.dispose());
    expect(program).toBeInstanceOf(kind);
    losses.push([...(await program.evaluate(batch)).losses]);
  }
  expect(losses[0]).toHaveLength(4);
  for (const [i, loss] of losses[0]!.entries()) expect(loss).toBeCloseTo(losses[1]![i]!, 5);
});
