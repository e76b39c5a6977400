import { Type } from '../schema.js';
import { activate, activationField } from './activation.js';
import { defineContainer, nestedLayers, shapeText } from './container.js';
import { OptionError, unnamedLayerFields } from './layer.js';

/** y = activation(layers(x) + shortcut(x)) (He et al. 2015, equations 1 and 2). */
export const residual = defineContainer({
  schema: Type.Object(
    {
      ...unnamedLayerFields('residual', 'The sum of what some layers make of the input, and a shortcut.'),
      layers: nestedLayers({ minItems: 1, description: 'The layers whose output is added to the shortcut.' }),
      shortcut: Type.Optional(
        nestedLayers({
          minItems: 0,
          default: [],
          description: 'Layers that the input takes beside them; none pass it on as it is.',
        }),
      ),
      activation: Type.Optional(activationField),
    },
    { additionalProperties: false },
  ),
  stacks: ({ layers, shortcut }) => [
    { path: ['layers'], name: null, layers },
    { path: ['shortcut'], name: null, layers: shortcut },
  ],
  output: (_options, [output, shortcut]) => {
    if (shapeText(output!) === shapeText(shortcut!)) return output!;
    throw new OptionError(
      null,
      'one output shape of layers and shortcut',
      `${shapeText(output!)} and ${shapeText(shortcut!)}`,
    );
  },
  merge: (tf, { activation }, [y, shortcut]) => activate(tf, activation, tf.add(y!, shortcut!)),
  mergedBy: ({ activation }) => (activation === 'none' ? 'add' : `add, ${activation}`),
});
