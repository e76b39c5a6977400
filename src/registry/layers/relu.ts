import { Type } from '../schema.js';
import { activate } from './activation.js';
import { defineLayer, unnamedLayerFields } from './layer.js';

/** y = max(x, 0) */
export const relu = defineLayer({
  schema: Type.Object(unnamedLayerFields('relu', 'max(x, 0), element by element.'), {
    additionalProperties: false,
  }),
  plan: (_options, input) => ({ output: input, tensors: [], macs: 0, mask: null }),
  forward: (tf, _options, _context, x) => activate(tf, 'relu', x),
});
