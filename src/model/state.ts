import type { Network } from '../config/network.js';
import type { Plan } from '../config/resolve.js';
import { UserError } from '../errors.js';
import { fillNormal, fillUniform, randomStream } from '../random.js';
import type { TensorSpec } from '../registry/layers/layer.js';
import { initialSlotValue, optimizerEntry } from '../registry/optimizers/index.js';
import { elements } from '../shape.js';
import type { CounterTensor, NamedTensor, StateTensor } from '../storage/safetensors.js';
import { checkTensors } from './check_tensors.js';
import { bufferSpecs, parameterSpecs, stateSpecs, trainedSpecs } from './state_specs.js';

/** Everything that training changes, in PyTorch's layout. */
export interface ModelState {
  /** Trained and frozen. */
  readonly parameters: ReadonlyMap<string, NamedTensor>;
  /** Running statistics and counters. */
  readonly buffers: ReadonlyMap<string, StateTensor>;
  /** Optimizer state: slot (`exp_avg`) → trained parameter → tensor. Empty where nothing is to be trained. */
  readonly slots: ReadonlyMap<string, ReadonlyMap<string, NamedTensor>>;
}

/** The state before the first step: tensors drawn from the seed, each by its own name; slots as the optimizer begins. */
export function initialState(plan: Plan): ModelState {
  const { seed } = plan.config;
  const initial = ([name, spec]: readonly [string, TensorSpec]) => [name, drawn(seed, name, spec)] as const;
  return {
    parameters: new Map([...parameterSpecs(plan.network)].map(initial)) as Map<string, NamedTensor>,
    buffers: new Map([...bufferSpecs(plan.network)].map(initial)),
    slots: initialSlots(plan),
  };
}

function drawn(seed: number, name: string, { shape, dtype, init }: TensorSpec): StateTensor {
  if (dtype === 'int64') return counter(shape);
  const tensor = zeros(shape);
  const stream = randomStream(seed, `init.${name}`, 0);
  switch (init.kind) {
    case 'uniform':
      fillUniform(tensor.data, stream, 0, -init.bound, init.bound);
      return tensor;
    case 'normal':
      fillNormal(tensor.data, stream, init.std, Number.POSITIVE_INFINITY);
      return tensor;
    case 'truncated_normal':
      fillNormal(tensor.data, stream, init.std, init.cutoff);
      return tensor;
    case 'constant':
      tensor.data.fill(init.value);
      return tensor;
  }
}

function initialSlots(plan: Plan): ModelState['slots'] {
  const { optimizer } = plan.config;
  const specs = [...trainedSpecs(plan)];
  const slots = optimizerEntry(optimizer.type).slots(optimizer);
  return new Map(
    slots.map((slot) => {
      const initial = (shape: readonly number[]) => {
        const tensor = zeros(shape);
        tensor.data.fill(initialSlotValue(optimizer, slot));
        return tensor;
      };
      return [slot, new Map(specs.map(([name, { shape }]) => [name, initial(shape)]))];
    }),
  );
}

/** All tensors of a state in the order of PyTorch's state dict, as checkpoints and exports hold them. */
export function stateDict(
  network: Network,
  { parameters, buffers }: Pick<ModelState, 'parameters' | 'buffers'>,
): Map<string, StateTensor> {
  return new Map(
    [...stateSpecs(network).keys()].map((name) => [name, parameters.get(name) ?? buffers.get(name)!]),
  );
}

/**
 * What a state dict holds, by role. A counter may be absent, as PyTorch allows it: it then starts at 0.
 * @throws UserError where the tensors are not those of the network
 */
export function fromStateDict(
  network: Network,
  tensors: ReadonlyMap<string, StateTensor>,
  source: string,
): Pick<ModelState, 'parameters' | 'buffers'> {
  checkTensors(stateSpecs(network), tensors, source);
  const take = (specs: ReadonlyMap<string, TensorSpec>) =>
    new Map([...specs].map(([name, { shape }]) => [name, tensors.get(name) ?? counter(shape)]));
  return {
    parameters: take(parameterSpecs(network)) as Map<string, NamedTensor>,
    buffers: take(bufferSpecs(network)),
  };
}

/** A fresh state with given tensors. @throws UserError where they are not those of the network. */
export function stateFrom(plan: Plan, tensors: ReadonlyMap<string, StateTensor>, source: string): ModelState {
  return { ...fromStateDict(plan.network, tensors, source), slots: initialSlots(plan) };
}

/** @throws UserError where the optimizer state is not that of the plan's optimizer and trained parameters. */
export function checkSlots(plan: Plan, slots: ModelState['slots'], source: string): void {
  const expected = initialSlots(plan);
  const names = (map: ModelState['slots']) => [...map.keys()].toSorted().join(', ') || 'none';
  if (names(expected) !== names(slots)) {
    throw new UserError(
      `${source}: expected optimizer state ${names(expected)} (${plan.config.optimizer.type}), got ${names(slots)}`,
      { hint: 'Resume with the optimizer that wrote the checkpoint.' },
    );
  }
  for (const [slot, tensors] of slots) checkTensors(trainedSpecs(plan), tensors, `${source}, ${slot}`);
}

function zeros(shape: readonly number[]): NamedTensor {
  return { shape, data: new Float32Array(elements(shape)) };
}

function counter(shape: readonly number[]): CounterTensor {
  return { shape, data: new BigInt64Array(elements(shape)) };
}

/** A copy that later steps do not change. @param into an earlier copy of the same model, whose memory it may take */
export function copyState({ parameters, buffers, slots }: ModelState, into?: ModelState): ModelState {
  return {
    parameters: copyTensors(parameters, into?.parameters),
    buffers: copyTensors(buffers, into?.buffers),
    slots: new Map([...slots].map(([slot, tensors]) => [slot, copyTensors(tensors, into?.slots.get(slot))])),
  };
}

function copyTensors<T extends StateTensor>(
  from: ReadonlyMap<string, T>,
  to?: ReadonlyMap<string, T>,
): Map<string, T> {
  return new Map(
    [...from].map(([name, tensor]) => {
      const memory = to?.get(name)?.data;
      // Each is copied to an array of its own kind.
      if (memory) (memory as Float32Array).set(tensor.data as Float32Array);
      return [name, { shape: tensor.shape, data: memory ?? tensor.data.slice() } as T];
    }),
  );
}
