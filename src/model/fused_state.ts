import { UserError } from '../errors.js';
import { initialSlotValue, type OptimizerOptions, optimizerEntry } from '../registry/optimizers/index.js';
import { elements } from '../shape.js';
import type { NamedTensor } from '../storage/safetensors.js';
import { type ElementLoop, elementLoop, type Lanes } from './element_loop.js';
import type { Update } from './program.js';
import type { ModelState } from './state.js';
import { type UpdateGroups, updateScalars } from './update_groups.js';
import { gibibytes, growMemory, LARGEST_MEMORY, wasmMemory } from './wasm_memory.js';

type NamedTensors = ReadonlyMap<string, NamedTensor>;
/** `parameters` are the trained ones alone. */
type Trained = Pick<ModelState, 'parameters' | 'slots'>;

/** Each tensor starts at a multiple of this. */
const ALIGNMENT = 64;

const OWNER = "the model's parameters, gradients and optimizer state";

/** What is updated by one loop: parameters that lie together. In bytes, from the start of each part of memory. */
interface Span {
  readonly start: number;
  readonly bytes: number;
}

/**
 * What an update changes, in one block of memory: the trained parameters one after the other, group by group, then their
 * gradients and each slot of the optimizer in the same layout. So an update is one loop a group, compiled from the
 * optimizer's rule. Before training begins, there are the parameters alone.
 */
export class FusedState implements Trained {
  parameters: NamedTensors;
  gradients: NamedTensors = new Map();
  slots: ReadonlyMap<string, NamedTensors> = new Map();
  private readonly memory: WebAssembly.Memory;
  private readonly layout = new Map<string, number>();
  private readonly spans: readonly Span[];
  private loops: readonly ElementLoop[] | undefined;
  /** Of the parameters, and so of the gradients and of each slot. */
  private readonly bytes: number;

  /**
   * Starts from a copy of `state`; where it has slots, training begins at once.
   * @throws UserError where it is larger than one memory, or the machine's, can be
   */
  constructor(
    private readonly groups: UpdateGroups,
    state: Trained,
  ) {
    let bytes = 0;
    this.spans = groups.map((group) => {
      const start = bytes;
      for (const name of group.parameters) {
        this.layout.set(name, bytes);
        bytes += Math.ceil(state.parameters.get(name)!.data.byteLength / ALIGNMENT) * ALIGNMENT;
      }
      return { start, bytes: bytes - start };
    });
    this.bytes = bytes;
    const isTraining = state.slots.size > 0;
    if (isTraining) this.requireSize();
    this.memory = wasmMemory(isTraining ? this.trainingBytes : bytes, OWNER);
    this.parameters = this.views(state.parameters, 0);
    for (const [name, { data }] of this.parameters) data.set(state.parameters.get(name)!.data);
    if (!isTraining) return;
    this.beginTraining();
    for (const [slot, tensors] of this.slots)
      for (const [name, { data }] of tensors) data.set(state.slots.get(slot)!.get(name)!.data);
  }

  /**
   * Takes memory for gradients, all zero, and for slots as the optimizer begins. All arrays are others from then on, and those before are empty.
   * @throws UserError as the constructor
   */
  beginTraining(): void {
    if (this.loops) return;
    this.requireSize();
    growMemory(this.memory, this.trainingBytes, OWNER);
    const { parameters, memory } = this;
    this.parameters = this.views(parameters, 0);
    this.gradients = this.views(parameters, 1);
    this.slots = new Map(this.slotNames.map((slot, index) => [slot, this.views(parameters, 2 + index)]));
    const [{ optimizer: options }] = this.groups;
    for (const [slot, tensors] of this.slots) {
      const initial = initialSlotValue(options, slot);
      if (initial !== 0) for (const { data } of tensors.values()) data.fill(initial);
    }
    this.loops = this.groups.map(({ optimizer }) => {
      const module = new WebAssembly.Module(compileRule(optimizer));
      return new WebAssembly.Instance(module, { env: { memory } }).exports.loop as ElementLoop;
    });
  }

  /** All gradients one after the other, zeros between them; valid as long as `gradients` are. */
  get allGradients(): Float32Array {
    return new Float32Array(this.memory.buffer, this.bytes, this.loops ? this.bytes / 4 : 0);
  }

  /** One update by the gradients as they are. */
  update(update: Update): void {
    this.beginTraining();
    for (const [index, scalars] of updateScalars(this.groups, update).entries()) {
      const { start, bytes } = this.spans[index]!;
      const pointers = Array.from({ length: 2 + this.slots.size }, (_, part) => part * this.bytes + start);
      if (bytes > 0) this.loops![index]!(bytes, ...pointers, ...Object.values(scalars));
    }
  }

  private get slotNames(): readonly string[] {
    const [{ optimizer }] = this.groups;
    return optimizerEntry(optimizer.type).slots(optimizer);
  }

  private get trainingBytes(): number {
    return (2 + this.slotNames.length) * this.bytes;
  }

  private requireSize(): void {
    if (this.trainingBytes > LARGEST_MEMORY)
      throw new UserError(
        `model: its parameters, gradients and optimizer state take ${gibibytes(this.trainingBytes)} GiB, this backend holds 4`,
        { hint: 'Make the model smaller, or take an optimizer with less state (sgd).' },
      );
  }

  /** Tensors in the layout of the parameters. @param index of the part of memory */
  private views(like: NamedTensors, index: number): NamedTensors {
    return new Map(
      [...like].map(([name, { shape }]) => {
        const start = index * this.bytes + this.layout.get(name)!;
        return [name, { shape, data: new Float32Array(this.memory.buffer, start, elements(shape)) }] as const;
      }),
    );
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
