import type { Network } from '../config/network.js';
import type { Program, Weights } from './program.js';
import type { ModelState } from './state.js';
import { stateSpecs } from './state_specs.js';

/** What a part of a network has of the whole model's state. */
export function stateOf(network: Network, { parameters, buffers, slots }: ModelState): ModelState {
  const names = stateSpecs(network);
  const own = <T>(tensors: ReadonlyMap<string, T>) =>
    new Map([...tensors].filter(([name]) => names.has(name)));
  return {
    parameters: own(parameters),
    buffers: own(buffers),
    slots: new Map([...slots].map(([slot, tensors]) => [slot, own(tensors)])),
  };
}

/** A program of the layers behind frozen ones, whose state is that of the whole model; it may evaluate such, too. */
export function withFrozen(rest: Program, frozen: Weights): Program {
  return {
    prepare: (size) => rest.prepare(size),
    backward: (batch, masks, part) => rest.backward(batch, masks, part),
    clip: (clipping) => rest.clip(clipping),
    gradients: () => rest.gradients(),
    update: (update) => rest.update(update),
    evaluate: (batch, weights) => rest.evaluate(batch, weights),
    state: async () => {
      const { parameters, buffers, slots } = await rest.state();
      return {
        parameters: new Map([...frozen.parameters, ...parameters]),
        buffers: new Map([...frozen.buffers, ...buffers]),
        slots,
      };
    },
    dispose: () => rest.dispose(),
  };
}
