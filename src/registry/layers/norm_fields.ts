import { Type } from '../schema.js';

/** Options of the batch norms inside a composite. */
export const normFields = {
  eps: Type.Optional(
    Type.Number({ exclusiveMinimum: 0, default: 1e-5, description: "Added to the batch norms' variance." }),
  ),
  momentum: Type.Optional(
    Type.Number({
      minimum: 0,
      maximum: 1,
      default: 0.1,
      description: "Weight of a new batch in the batch norms' running statistics.",
    }),
  ),
};
