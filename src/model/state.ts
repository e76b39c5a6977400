import type { Network } from '../config/network.js';
import type { Plan } from '../config/resolve.js';
import { UserError } from '../errors.js';
import { fillUniform, randomStream } from '../random.js';
import { optimizerEntry } from '../registry/optimizers/index.js';
import type { NamedTensor } from '../storage/safetensors.js';
import { parameterSpecs } from './parameters.js';

/** Everything that training changes, in PyTorch's layout. */
export interface ModelState {
  readonly parameters: ReadonlyMap<string, NamedTensor>;
  /** Optimizer state: slot (`exp_avg`) → parameter name → tensor. */
  readonly slots: ReadonlyMap<string, ReadonlyMap<string, NamedTensor>>;
}

/** The state before the first step: parameters drawn from the seed, each by its own name; slots all zero. */
export function initialState(plan: Plan): ModelState {
  const specs = [...parameterSpecs(plan.network)];
  const parameters = new Map(
    specs.map(([name, { shape, init }]) => {
      const tensor = zeros(shape);
      if (init.kind !== 'uniform') throw new Error(`${name}: ${init.kind}`);
      fillUniform(tensor.data, randomStream(plan.config.seed, `init.${name}`, 0), 0, -init.bound, init.bound);
      return [name, tensor];
    }),
  );
  return { parameters, slots: emptySlots(plan) };
}

function emptySlots(plan: Plan): ModelState['slots'] {
  const { optimizer } = plan.config;
  const specs = [...parameterSpecs(plan.network)];
  const slots = optimizerEntry(optimizer.type).slots(optimizer);
  return new Map(
    slots.map((slot) => [slot, new Map(specs.map(([name, { shape }]) => [name, zeros(shape)]))]),
  );
}

/** A fresh state with given parameters. @throws UserError where they are not those of the network. */
export function stateFrom(
  plan: Plan,
  parameters: ReadonlyMap<string, NamedTensor>,
  source: string,
): ModelState {
  checkParameters(plan.network, parameters, source);
  const ordered = [...parameterSpecs(plan.network).keys()].map(
    (name) => [name, parameters.get(name)!] as const,
  );
  return { parameters: new Map(ordered), slots: emptySlots(plan) };
}

/** @throws UserError where the optimizer state is not that of the plan's optimizer and network. */
export function checkSlots(plan: Plan, slots: ModelState['slots'], source: string): void {
  const expected = emptySlots(plan);
  const names = (map: ModelState['slots']) => [...map.keys()].toSorted().join(', ') || 'none';
  if (names(expected) !== names(slots)) {
    throw new UserError(
      `${source}: expected optimizer state ${names(expected)} (${plan.config.optimizer.type}), got ${names(slots)}`,
      { hint: 'Resume with the optimizer that wrote the checkpoint.' },
    );
  }
  for (const [slot, tensors] of slots) checkParameters(plan.network, tensors, `${source}, ${slot}`);
}

/** More lines than that nobody reads; a file of another model may have any number of tensors, of any name and rank. */
const MAX_LISTED = 100;
const MAX_LINE = 300;

/** @throws UserError that lists every parameter that is missing, is not known, or has another shape. */
export function checkParameters(
  network: Network,
  tensors: ReadonlyMap<string, NamedTensor>,
  source: string,
): void {
  const specs = parameterSpecs(network);
  const shape = (dimensions: readonly number[]) => `[${dimensions.join(', ')}]`;
  const problems = [
    ...[...specs].flatMap(([name, spec]) => {
      const tensor = tensors.get(name);
      if (!tensor) return [`${name}: expected ${shape(spec.shape)}, not in the file`];
      return shape(tensor.shape) === shape(spec.shape)
        ? []
        : [`${name}: expected ${shape(spec.shape)}, got ${shape(tensor.shape)}`];
    }),
    ...[...tensors]
      .filter(([name]) => !specs.has(name))
      .map(([name, tensor]) => `${name} ${shape(tensor.shape)}: not in the model`),
  ];
  if (problems.length === 0) return;
  const more = problems.length - MAX_LISTED;
  const lines = [
    ...problems.slice(0, MAX_LISTED).map(shortened),
    ...(more > 0 ? [`… and ${more} more`] : []),
  ];
  throw new UserError(
    `${source}: the parameters are not those of the model\n${lines.map((line) => `  ${line}`).join('\n')}`,
    {
      hint: 'Use the config that the file was trained with ("gnet describe CONFIG" lists its parameters).',
    },
  );
}

const shortened = (line: string): string => (line.length > MAX_LINE ? `${line.slice(0, MAX_LINE)}…` : line);

function zeros(shape: readonly number[]): NamedTensor {
  return { shape, data: new Float32Array(shape.reduce((size, dimension) => size * dimension, 1)) };
}

/** A copy that later steps do not change. @param into an earlier copy of the same model, whose memory it may take */
export function copyState({ parameters, slots }: ModelState, into?: ModelState): ModelState {
  const copy = (from: ReadonlyMap<string, NamedTensor>, to?: ReadonlyMap<string, NamedTensor>) =>
    new Map(
      [...from].map(([name, { shape, data }]) => {
        const memory = to?.get(name)?.data ?? new Float32Array(data.length);
        memory.set(data);
        return [name, { shape, data: memory }];
      }),
    );
  return {
    parameters: copy(parameters, into?.parameters),
    slots: new Map([...slots].map(([slot, tensors]) => [slot, copy(tensors, into?.slots.get(slot))])),
  };
}
