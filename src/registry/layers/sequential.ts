import { Type } from '../schema.js';
import { defineContainer, nestedLayers } from './container.js';
import { unnamedLayerFields } from './layer.js';

/** Layers below each other, as torch.nn.Sequential: its name goes before theirs. */
export const sequential = defineContainer({
  schema: Type.Object(
    {
      ...unnamedLayerFields('sequential', 'Layers below each other under one name, as torch.nn.Sequential.'),
      layers: nestedLayers({ minItems: 1, description: 'The layers, in order.' }),
    },
    { additionalProperties: false },
  ),
  stacks: ({ layers }) => [{ path: ['layers'], name: null, layers }],
  output: (_options, [output]) => output!,
  merge: (_tf, _options, [y]) => y!,
  mergedBy: () => null,
});
