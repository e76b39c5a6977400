import { UserError } from '../errors.js';
import { type OptimizerOptions, optimizerEntry } from '../registry/optimizers/index.js';
import type { NamedTensor } from '../storage/safetensors.js';
import { type ElementLoop, elementLoop, type Lanes } from './element_loop.js';
import type { ModelState } from './state.js';
import { gibibytes, LARGEST_MEMORY, wasmMemory } from './wasm_memory.js';

type NamedTensors = ReadonlyMap<string, NamedTensor>;
/** `parameters` are the trained ones alone. */
type Trained = Pick<ModelState, 'parameters' | 'slots'>;

/** Each tensor starts at a multiple of this. */
const ALIGNMENT = 64;

/**
 * What an update changes, in one block of memory: the trained parameters one after the other, then their gradients and each
 * slot of the optimizer in the same layout. So an update is one loop, compiled from the optimizer's rule, over all of it.
 */
export class FusedState implements Trained {
  readonly parameters: NamedTensors;
  readonly gradients: NamedTensors;
  readonly slots: ReadonlyMap<string, NamedTensors>;
  private readonly loop: ElementLoop;
  /** Of the parameters, and so of the gradients and of each slot. */
  private readonly bytes: number;

  /** Starts from a copy of `state`. @throws UserError where it is larger than one memory, or the machine's, can be */
  constructor(
    private readonly options: OptimizerOptions,
    state: Trained,
  ) {
    const layout = new Map<string, number>();
    this.bytes = 0;
    for (const [name, { data }] of state.parameters) {
      layout.set(name, this.bytes);
      this.bytes += Math.ceil(data.byteLength / ALIGNMENT) * ALIGNMENT;
    }
    const slots = optimizerEntry(options.type).slots(options);
    const size = (2 + slots.length) * this.bytes;
    if (size > LARGEST_MEMORY)
      throw new UserError(
        `model: its parameters, gradients and optimizer state take ${gibibytes(size)} GiB, this backend holds 4`,
        { hint: 'Make the model smaller, or take an optimizer with less state (sgd).' },
      );
    const memory = wasmMemory(size, "the model's parameters, gradients and optimizer state");
    const views = (index: number): NamedTensors =>
      new Map(
        [...state.parameters].map(([name, { shape, data }]) => {
          const start = index * this.bytes + layout.get(name)!;
          return [name, { shape, data: new Float32Array(memory.buffer, start, data.length) }] as const;
        }),
      );
    this.parameters = views(0);
    this.gradients = views(1);
    this.slots = new Map(slots.map((slot, index) => [slot, views(2 + index)] as const));
    this.load(state);
    const module = new WebAssembly.Module(compileRule(options));
    this.loop = new WebAssembly.Instance(module, { env: { memory } }).exports.loop as ElementLoop;
  }

  private load(state: Trained): void {
    for (const [name, { data }] of this.parameters) data.set(state.parameters.get(name)!.data);
    // Where the state has none, they start at 0, as memory does.
    for (const [slot, tensors] of state.slots)
      for (const [name, { data }] of tensors) this.slots.get(slot)!.get(name)!.data.set(data);
  }

  /** One update by the gradients as they are. */
  update(learningRate: number, step: number): void {
    const scalars = optimizerEntry(this.options.type).scalars(this.options, learningRate, step);
    const pointers = Array.from({ length: 2 + this.slots.size }, (_, index) => index * this.bytes);
    if (this.bytes > 0) this.loop(this.bytes, ...pointers, ...Object.values(scalars));
  }
}

/** An update rule as a loop over parameters, gradients and slots; arithmetic is float32. */
function compileRule(options: OptimizerOptions): Uint8Array {
  const entry = optimizerEntry(options.type);
  const slots = entry.slots(options);
  const scalarNames = Object.keys(entry.scalars(options, 0, 1));
  return elementLoop(
    { arrays: 2 + slots.length, scalars: scalarNames.length },
    ({ math, arrays, scalars }) => {
      const [parameter, gradient, ...states] = arrays as [Lanes, Lanes, ...Lanes[]];
      const named = (names: readonly string[], values: readonly Lanes[]) =>
        Object.fromEntries(names.map((name, index) => [name, values[index]!]));
      const outputs = entry.update(options, math, {
        parameter,
        gradient,
        slots: named(slots, states),
        scalars: named(scalarNames, scalars),
      });
      return new Map([
        [0, outputs.parameter],
        ...slots.map((slot, index) => [2 + index, outputs.slots[slot]!] as const),
      ]);
    },
  );
}
