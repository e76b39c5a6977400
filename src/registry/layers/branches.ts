import { oneOf, Type } from '../schema.js';
import { defineContainer, nestedLayers, shapeText } from './container.js';
import { OptionError, optionalName, type Shape, unnamedLayerFields } from './layer.js';

/** Stacks that read one input, side by side; their outputs are concatenated over the channels, added or multiplied. */
export const branches = defineContainer({
  schema: Type.Object(
    {
      ...unnamedLayerFields(
        'branches',
        'Stacks of layers that read one input, and whose outputs are merged.',
      ),
      branches: Type.Array(
        Type.Object(
          {
            name: optionalName,
            layers: nestedLayers({ minItems: 0, description: 'Its layers; none pass the input on.' }),
          },
          { additionalProperties: false, description: 'One branch.' },
        ),
        { minItems: 1, description: 'The branches, in the order in which their outputs are concatenated.' },
      ),
      merge: Type.Optional(
        oneOf(['concat', 'add', 'multiply'], {
          default: 'concat',
          description:
            'concat: one behind the other, over the channels; add: their sum; multiply: their product, in which one value for each channel counts for every pixel.',
        }),
      ),
    },
    { additionalProperties: false },
  ),
  stacks: (options) =>
    options.branches.map(({ name, layers }, index) => ({
      path: ['branches', index, 'layers'],
      name: name ?? null,
      layers,
    })),
  output: ({ merge }, outputs) => {
    const [first] = outputs as [Shape];
    const mustAgree = (shape: Shape) => {
      if (merge === 'concat') return shapeText([0, ...shape.slice(1)] as never);
      const isGate = merge === 'multiply' && shape[1] === 1 && shape[2] === 1;
      return shapeText(isGate && first.length === 3 ? [shape[0], first[1], first[2]] : shape);
    };
    const isUneven = outputs.some(
      (shape) => shape.length !== first.length || mustAgree(shape) !== mustAgree(first),
    );
    if (isUneven) {
      throw new OptionError(
        'branches',
        merge === 'concat'
          ? 'branches with outputs of one height and width'
          : 'branches with outputs of one shape',
        outputs.map(shapeText).join('; '),
      );
    }
    if (merge !== 'concat') return first;
    const channels = outputs.reduce((sum, [size]) => sum + size, 0);
    return first.length === 1 ? [channels] : [channels, first[1], first[2]];
  },
  merge: (tf, { merge }, outputs) => {
    if (merge === 'concat') return tf.concat([...outputs], outputs[0]!.rank - 1);
    return outputs.reduce((all, output) => (merge === 'add' ? tf.add(all, output) : tf.mul(all, output)));
  },
  mergedBy: ({ merge }) => merge,
});
