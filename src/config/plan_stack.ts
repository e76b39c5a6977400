import type { Experiment } from '../registry/experiment.js';
import type { Stack, WrittenLayer } from '../registry/layers/container.js';
import { type LayerEntry, type LayerOptions, layerEntry, withDefaults } from '../registry/layers/index.js';
import { initialized, isDefault } from '../registry/layers/initialization.js';
import { type LayerPlan, type ModelSizes, OptionError, type Shape } from '../registry/layers/layer.js';
import type { KeyPath, PlannedLayer, PlannedStack, Problem } from './network.js';

/** What all stacks of a network share while they are planned. */
export interface Planning {
  readonly sizes: ModelSizes;
  /** How weights start where a layer says nothing of it. */
  readonly init: Experiment['model']['init'];
  readonly problems: Problem[];
  /** Where each name of a layer, by its whole name, was given. */
  readonly taken: Map<string, KeyPath>;
}

/** Where a stack stands. */
interface Place {
  readonly path: KeyPath;
  /** The place of the composite that wrote the stack: mistakes in it are told there. */
  readonly composite: KeyPath | null;
  /** What goes before the state-dict names of its layers: '' or `layer1.0.`. */
  readonly prefix: string;
  /** What goes before the names of its layers without a name of their own: unlike `prefix` it tells stacks apart. */
  readonly scope: string;
}

/** The stacks that the config has in a layer, in state-dict order; none for one that computes, or stands for others. */
export function stacksOf(options: LayerOptions): readonly Stack[] {
  const entry = layerEntry(options.type);
  return 'stacks' in entry ? entry.stacks(options) : [];
}

/** Those, or the one that a composite stands for. @throws OptionError where it does not fit the input */
function heldBy(entry: LayerEntry, options: LayerOptions, input: Shape): readonly Stack[] {
  if (!('expand' in entry)) return stacksOf(options);
  return [{ path: [], name: null, layers: entry.expand(options, input).map(withDefaults) }];
}

/** A stack at the root of the network or of a head; `output` is null where a mistake ended the planning. */
export function planRoot(
  layers: readonly LayerOptions[],
  prefix: string,
  path: KeyPath,
  input: Shape,
  planning: Planning,
): { layers: PlannedLayer[]; output: Shape | null } {
  return planStack(layers, { path, composite: null, prefix, scope: prefix }, input, planning);
}

function planStack(
  stack: readonly LayerOptions[],
  place: Place,
  input: Shape,
  planning: Planning,
): { layers: PlannedLayer[]; output: Shape | null } {
  const layers: PlannedLayer[] = [];
  let shape = input;
  for (const [index, options] of stack.entries()) {
    const layer = planLayer(options, index, place, shape, planning);
    // Names behind a mistake are still checked; shapes are not known there.
    if (layer === null) {
      for (const [later, { name }] of stack.entries()) {
        if (later > index && name !== null)
          takeName(`${place.prefix}${name}`, [...place.path, later], place, planning);
      }
      return { layers, output: null };
    }
    layers.push(layer);
    shape = layer.output;
  }
  return { layers, output: shape };
}

function planLayer(
  options: LayerOptions,
  index: number,
  place: Place,
  input: Shape,
  planning: Planning,
): PlannedLayer | null {
  const path = place.composite ?? [...place.path, index];
  const label = options.name ?? `${options.type}-${index}`;
  const name = options.name === null ? `${place.scope}${label}` : `${place.prefix}${label}`;
  if (options.name !== null) takeName(name, [...place.path, index], place, planning);
  const entry = layerEntry(options.type);
  const isComposite = 'expand' in entry;
  const prefix = options.name === null ? place.prefix : `${name}.`;
  try {
    const held = heldBy(entry, options, input);
    const stacks = held.map((stack, position) =>
      planHeld(
        stack,
        {
          path: [...place.path, index, ...stack.path],
          composite: place.composite ?? (isComposite ? path : null),
          prefix: stack.name === null ? prefix : `${prefix}${stack.name}.`,
          scope: `${name}.${held.length === 1 ? '' : `${stack.name ?? `${stack.path[0]}-${position}`}.`}`,
        },
        input,
        planning,
      ),
    );
    if (stacks.some(({ output }) => output === null)) return null;
    const outputs = stacks.map(({ output }) => output!);
    const plan = planEntry(entry, options, input, outputs, planning);
    return { ...plan, name, label, path, options, input, stacks };
  } catch (error) {
    if (!(error instanceof OptionError)) throw error;
    const at = error.option === null || place.composite ? path : [...path, error.option];
    planning.problems.push({ path: at, expected: error.expected, actual: error.actual });
    return null;
  }
}

/** A branch's name goes before names as a layer's does, but names no layer of its own. */
function planHeld(
  stack: Stack,
  place: Place,
  input: Shape,
  planning: Planning,
): PlannedStack & { output: Shape | null } {
  const layers = stack.layers.map((layer) =>
    // What a composite wrote, at any depth, is without its defaults.
    place.composite ? withDefaults(layer as unknown as WrittenLayer) : (layer as LayerOptions),
  );
  return { name: stack.name, ...planStack(layers, place, input, planning) };
}

function planEntry(
  entry: LayerEntry,
  options: LayerOptions,
  input: Shape,
  outputs: readonly Shape[],
  { sizes, init }: Planning,
): LayerPlan {
  if ('plan' in entry) {
    const plan = entry.plan(options, input, sizes);
    if (options.type !== 'conv' && options.type !== 'linear') return plan;
    const named = isDefault(options.init) ? init[options.type] : options.init;
    return { ...plan, tensors: initialized(plan.tensors, named) };
  }
  const output = 'expand' in entry ? outputs[0]! : entry.output(options, outputs);
  return { output, tensors: [], macs: 0, mask: null };
}

function takeName(name: string, path: KeyPath, { composite }: Place, { taken, problems }: Planning): void {
  const own = composite ?? path;
  const first = taken.get(name);
  if (first === undefined) taken.set(name, own);
  else {
    problems.push({
      path: composite ?? [...path, 'name'],
      expected: `a name of its own (${first.join('.')} has it)`,
      actual: name,
    });
  }
}
