import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { forward } from '../../src/model/forward.js';
import { drawMasks } from '../../src/model/masks.js';
import { initialState } from '../../src/model/state.js';
import { maskShapes } from '../../src/model/state_specs.js';
import { TestRandom } from '../helpers/random.js';
import { everyLayerPlan } from '../helpers/small_plan.js';

const plan = everyLayerPlan();
const BATCH = 2;

beforeAll(() => tf.setBackend('cpu'));

function inputs(training: boolean) {
  const parameters = new Map(
    [...initialState(plan).parameters].map(([name, { data, shape }]) => [name, tf.tensor(data, [...shape])]),
  );
  const masks = new Map(
    [...drawMasks(plan, 0, 0, BATCH)].map(([name, mask]) => [
      name,
      tf.tensor(Int32Array.from(mask), [...maskShapes(plan.network, BATCH).get(name)!], 'int32'),
    ]),
  );
  return {
    training,
    tensors: parameters,
    frozen: new Set<string>(),
    masks: training ? masks : new Map<string, tf.Tensor>(),
  };
}

const images = () =>
  tf.tensor(new TestRandom(51).tensor([BATCH, 6, 5, 3]).values as Float32Array, [BATCH, 6, 5, 3]);

/** What begins the stacks side by side is computed together, under the name of what holds them. */
const inside = (...names: string[]) => names.map((name) => `inception.${name}`);
const BRANCHES = inside('pool', 'convpool', 'branches-0', 'conv3x3', 'conv5x5', 'branches-0');
const BEHIND = ['relu', 'drop_map', 'mean', 'drop', 'fc'];
const MAIN = ['conv1', 'pool', ...BRANCHES, ...BEHIND];
const HEAD = ['aux.pool', 'aux.conv', 'aux.flatten', 'aux.fc1', 'aux.fc2'];

describe('forward', () => {
  it('in training computes the heads after the main stack, and tells each layer', () => {
    tf.tidy(() => {
      const entered: string[] = [];
      const { main, auxiliary } = forward(tf, plan.network, images(), {
        ...inputs(true),
        onLayer: (name) => entered.push(name),
      });
      expect(entered).toEqual([...MAIN, ...HEAD]);
      expect(main.shape).toEqual([BATCH, 4]);
      expect(auxiliary.map(({ shape }) => shape)).toEqual([[BATCH, 4]]);
    });
  });

  it('in evaluation computes no head', () => {
    tf.tidy(() => {
      const entered: string[] = [];
      const { auxiliary } = forward(tf, plan.network, images(), {
        ...inputs(false),
        onLayer: (name) => entered.push(name),
      });
      expect(entered).toEqual(MAIN);
      expect(auxiliary).toEqual([]);
    });
  });

  it('a head reads the layer that it names, before what follows that', () => {
    tf.tidy(() => {
      const given = inputs(true);
      const logits = () => forward(tf, plan.network, images(), given);
      const before = logits();
      given.tensors.set('fc.bias', tf.fill([4], 5));
      const after = logits();
      expect(Array.from(after.auxiliary[0]!.dataSync())).toEqual(Array.from(before.auxiliary[0]!.dataSync()));
      expect(Array.from(after.main.dataSync())).not.toEqual(Array.from(before.main.dataSync()));
      given.tensors.set('conv1.bias', tf.fill([4], 5));
      expect(Array.from(logits().auxiliary[0]!.dataSync())).not.toEqual(
        Array.from(before.auxiliary[0]!.dataSync()),
      );
    });
  });

  it('tells each layer with parameters again as its gradient begins, last first', () => {
    tf.tidy(() => {
      const { tensors: parameters, ...rest } = inputs(true);
      const entered: string[] = [];
      const sumOf = (...values: tf.Tensor[]) => {
        const named = new Map([...parameters.keys()].map((name, index) => [name, values[index]!]));
        const onLayer = (name: string) => entered.push(name);
        const { main, auxiliary } = forward(tf, plan.network, images(), {
          ...rest,
          tensors: named,
          onLayer,
        });
        entered.length = 0;
        return tf.addN([main, ...auxiliary]);
      };
      tf.grads(sumOf as () => tf.Tensor)([...parameters.values()]);
      // conv5x5 has no reduction: it stands at the head of its branch, as the first two do.
      const together = ['inception.conv1x1', 'inception.conv3x3_reduce'];
      const once = new Set([...MAIN, ...HEAD, ...together]);
      expect(entered.toSorted()).toEqual([...once].toSorted());
      for (const stack of [['conv1', 'pool'], ['inception.pool', 'inception.convpool'], BEHIND, HEAD])
        expect(entered.filter((name) => stack.includes(name))).toEqual(stack.toReversed());
    });
  });
});
