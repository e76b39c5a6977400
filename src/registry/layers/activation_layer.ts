import { Type } from '../schema.js';
import { activate, functionField } from './activation.js';
import { defineLayer, unnamedLayerFields } from './layer.js';

/** y = function(x), element by element. */
export const activationLayer = defineLayer({
  schema: Type.Object(
    {
      ...unnamedLayerFields('activation', 'A function of each element.'),
      function: functionField,
    },
    { additionalProperties: false },
  ),
  plan: (_options, input) => ({ output: input, tensors: [], macs: 0, mask: null }),
  forward: (tf, options, _context, x) => activate(tf, options.function, x),
});
