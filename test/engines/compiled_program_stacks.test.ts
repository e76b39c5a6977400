import { describe, it } from 'vitest';
import { expectAllClose } from '../helpers/all_close.js';
import { livelyState, programs, trainOn } from '../helpers/programs.js';
import { TestRandom } from '../helpers/random.js';
import { type SmallPlan, smallPlan } from '../helpers/small_plan.js';

type Layers = SmallPlan['layers'];

const head: Layers = [
  { type: 'flatten', name: 'flatten' },
  { type: 'linear', name: 'fc', units: 'num_classes' },
];

/** Stacks of layers around max-pooling: each way in which ReLU, pooling, convolution and Inception may meet. */
function randomLayers(random: TestRandom): Layers {
  return Array.from({ length: random.integer(2, 6) }, (_, index): object => {
    const name = `layer${index}`;
    const size = random.pick([1, 2, 3]);
    const inception = { conv1x1: 2, conv3x3: 2, conv5x5: 2, convpool: 2 };
    return random.pick<object>([
      { type: 'conv', name, filters: 3, kernel: 3, padding: 1, activation: random.pick(['relu', 'none']) },
      { type: 'relu', name },
      { type: 'max_pool', name, kernel: size, stride: random.pick([1, 2]), padding: Math.floor(size / 2) },
      { type: 'max_pool', name, kernel: 3, stride: 1, padding: 1 },
      { type: 'inception', name, ...inception },
    ]);
  });
}

describe('a compiled step with custom operations', () => {
  const random = new TestRandom(23);
  const stacks: Layers[] = [
    [{ type: 'max_pool', name: 'first', kernel: 2, stride: 1, padding: 0 }],
    ...Array.from({ length: 24 }, () => randomLayers(random)),
  ];

  it.each(
    stacks.map((layers) => ({
      names: layers.map((layer) => (layer as { type: string }).type).join(', '),
      layers,
    })),
  )('trains as TensorFlow.js does: $names', async ({ layers }) => {
    const plan = smallPlan({ layers: [...layers, ...head], image: [3, 9, 8] });
    const [compiled, eager] = await Promise.all(
      [programs['onnxruntime-cpu'], programs.cpu].map((open) => open(plan, livelyState(plan))),
    );
    const [actual, expected] = [
      await trainOn(compiled!, plan, [2, 2, 1]),
      await trainOn(eager!, plan, [2, 2, 1]),
    ];
    for (const [name, { data }] of expected.state.parameters)
      expectAllClose(actual.state.parameters.get(name)!.data, data, { relative: 1e-3, absolute: 1e-4 });
    compiled!.dispose();
    eager!.dispose();
  });
});
