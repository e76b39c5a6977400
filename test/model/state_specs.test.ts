import { expect, it } from 'vitest';
import { maskShapes, parameterSpecs } from '../../src/model/state_specs.js';
import { everyLayerPlan } from '../helpers/small_plan.js';

const { network } = everyLayerPlan();

it('parameters are named by layer, heads last', () => {
  expect([...parameterSpecs(network)].map(([name, { shape }]) => `${name} ${shape.join('×')}`)).toEqual([
    'conv1.weight 4×3×3×2',
    'conv1.bias 4',
    'inception.conv1x1.weight 2×4×1×1',
    'inception.conv1x1.bias 2',
    'inception.conv3x3_reduce.weight 2×4×1×1',
    'inception.conv3x3_reduce.bias 2',
    'inception.conv3x3.weight 3×2×3×3',
    'inception.conv3x3.bias 3',
    'inception.conv5x5.weight 2×4×5×5',
    'inception.conv5x5.bias 2',
    'inception.convpool.weight 2×4×1×1',
    'inception.convpool.bias 2',
    'fc.weight 4×9',
    'fc.bias 4',
    'aux.conv.weight 2×9×1×1',
    'aux.fc1.weight 5×24',
    'aux.fc1.bias 5',
    'aux.fc2.weight 4×5',
  ]);
});

it('heads stand before the layer that they name, as torchvision has them', () => {
  const heads = everyLayerPlan().network.auxiliary.map((head) => ({ ...head, listedBefore: 'fc' }));
  const names = [...parameterSpecs({ ...network, auxiliary: heads }).keys()];
  expect(names.slice(-6)).toEqual([
    'aux.conv.weight',
    'aux.fc1.weight',
    'aux.fc1.bias',
    'aux.fc2.weight',
    'fc.weight',
    'fc.bias',
  ]);
});

it('heads keep their tensors where the layer that they name has been cut off', () => {
  const heads = network.auxiliary.map((head) => ({ ...head, listedBefore: network.layers[0]!.name }));
  const behind = { ...network, layers: network.layers.slice(1), auxiliary: heads };
  expect([...parameterSpecs(behind).keys()].filter((name) => name.startsWith('aux.'))).toHaveLength(4);
});

it('masks are those of the layers that drop', () => {
  expect([...maskShapes(network, 7)]).toEqual([
    ['drop_map', [7, 9, 3, 2]],
    ['drop', [7, 9]],
  ]);
});
