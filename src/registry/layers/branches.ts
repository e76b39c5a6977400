import { oneOf, Type } from '../schema.js';
import { defineContainer, nestedLayers, shapeText } from './container.js';
import { OptionError, optionalName, type Shape, unnamedLayerFields } from './layer.js';

/** Stacks that read one input, side by side; their outputs are concatenated over the channels, or added. */
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
        oneOf(['concat', 'add'], {
          default: 'concat',
          description: 'concat: one behind the other, over the channels; add: their sum.',
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
    const mustAgree = (shape: Shape) =>
      shapeText(merge === 'add' ? shape : ([0, ...shape.slice(1)] as never));
    const isUneven = outputs.some(
      (shape) => shape.length !== first.length || mustAgree(shape) !== mustAgree(first),
    );
    if (isUneven) {
      throw new OptionError(
        'branches',
        merge === 'add'
          ? 'branches with outputs of one shape'
          : 'branches with outputs of one height and width',
        outputs.map(shapeText).join('; '),
      );
    }
    if (merge === 'add') return first;
    const channels = outputs.reduce((sum, [size]) => sum + size, 0);
    return first.length === 1 ? [channels] : [channels, first[1], first[2]];
  },
  merge: (tf, { merge }, outputs) => {
    if (merge === 'concat') return tf.concat([...outputs], outputs[0]!.rank - 1);
    return outputs.reduce((sum, output) => tf.add(sum, output));
  },
  mergedBy: ({ merge }) => merge,
});
