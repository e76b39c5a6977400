import { expect, it } from 'vitest';
import { CompiledProgram } from '../../../src/engines/compiled_program.js';
import { GraphBuilder } from '../../../src/tracing/graph.js';
import { onednnEngine, whyNoOnednn } from '../../helpers/onednn.js';
import { livelyState, trainOn } from '../../helpers/programs.js';
import { tinyPlan } from '../../helpers/tiny_plan.js';

const only = it.skipIf(whyNoOnednn !== null);
const why = whyNoOnednn === null ? '' : ` (${whyNoOnednn})`;

only(`the same steps, of batches of two sizes, give the same bits${why}`, async () => {
  const train = async () => {
    const program = new CompiledProgram(tinyPlan(), await onednnEngine(2), livelyState(tinyPlan()));
    const { metrics, state } = await trainOn(program, tinyPlan(), [4, 3, 4]);
    program.dispose();
    return { metrics, parameters: state.parameters };
  };
  expect(await train()).toEqual(await train());
});

only(`an input of another shape is told${why}`, async () => {
  const graph = new GraphBuilder();
  const x = graph.input('x', 'float32', [1, 8, 2, 2]);
  const y = graph.node('Relu', [x]);
  graph.declare(y, 'float32', [1, 8, 2, 2]);
  graph.output('y', y, 'float32', [1, 8, 2, 2]);
  const executable = await (await onednnEngine()).open(graph.finish());
  const view = { type: 'float32', shape: [1, 4, 2, 2], data: new Float32Array(16) } as const;
  await expect(executable.run(new Map([['x', view]]))).rejects.toThrow(
    'input x: expected float32 [1, 8, 2, 2], got float32 [1, 4, 2, 2]',
  );
  await expect(executable.run(new Map())).rejects.toThrow('got nothing');
  await executable.release();
});
