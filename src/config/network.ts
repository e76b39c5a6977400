import type { Experiment } from '../registry/experiment.js';
import { type LayerOptions, layerEntry } from '../registry/layers/index.js';
import { type LayerPlan, type ModelSizes, OptionError, type Shape } from '../registry/layers/layer.js';
import { elements } from '../shape.js';
import { nearest, shorten } from './words.js';

/** A key of a config: `['model', 'layers', 3, 'kernel']`. */
export type KeyPath = readonly (string | number)[];

/** A mistake in a config, before its place in a file is looked up. */
export interface Problem {
  readonly path: KeyPath;
  readonly expected: string;
  readonly actual: string;
  /** What would probably mend it. */
  readonly suggestion?: string;
}

/** A layer of a stack with everything known of it; its tensors are named `<prefix>.<name>`. */
export interface PlannedLayer extends LayerPlan {
  /** Name in the state dict: `conv1`, or `aux_classifier.fc1` in a head. */
  readonly name: string;
  readonly options: LayerOptions;
  readonly input: Shape;
}

export interface PlannedHead {
  readonly name: string;
  readonly after: string;
  readonly weight: number;
  readonly layers: readonly PlannedLayer[];
}

/** The network with all shapes resolved. */
export interface Network {
  readonly layers: readonly PlannedLayer[];
  readonly auxiliary: readonly PlannedHead[];
  readonly numClasses: number;
}

/** Every layer, those of the heads last. */
export function allLayers({ layers, auxiliary }: Network): PlannedLayer[] {
  return [layers, ...auxiliary.map((head) => head.layers)].flat();
}

/** Numbers in parameters, those of the heads included. */
export function countParameters(network: Network): number {
  const tensors = allLayers(network).flatMap((layer) => layer.tensors);
  return tensors.reduce((sum, { role, shape }) => (role === 'parameter' ? sum + elements(shape) : sum), 0);
}

/** Multiply-accumulates of a forward pass in training for one image, those of the heads included. */
export function countMacs(network: Network): number {
  return allLayers(network).reduce((sum, layer) => sum + layer.macs, 0);
}

/**
 * Follows the shapes through the network and collects every mistake. A stack with a mistake is followed no further
 * behind it, as nothing is known of the shapes there.
 * @param input shape of one image as the first layer sees it
 */
export function planNetwork(
  model: Experiment['model'],
  input: Shape,
  sizes: ModelSizes,
): { network: Network; problems: Problem[] } {
  const problems: Problem[] = [];
  const layers = planStack(model.layers, '', ['model', 'layers'], input, sizes, problems);
  const taken = new Set(model.layers.map((layer) => layer.name));
  const auxiliary = model.auxiliary.map((head, index) => {
    const path = ['model', 'auxiliary', index];
    if (taken.has(head.name)) {
      problems.push({
        path: [...path, 'name'],
        expected: 'a name that no layer or other head has',
        actual: head.name,
      });
    }
    taken.add(head.name);
    const source = layers.find((layer) => layer.name === head.after);
    if (!source && !model.layers.some((layer) => layer.name === head.after)) {
      const names = model.layers.map((layer) => layer.name);
      const near = nearest(head.after, names);
      problems.push({
        path: [...path, 'after'],
        expected: `the name of a layer of the main stack (${names.join(', ')})`,
        actual: shorten(head.after),
        ...(near === undefined ? {} : { suggestion: `did you mean ${near}?` }),
      });
    }
    const planned = source
      ? planStack(head.layers, `${head.name}.`, [...path, 'layers'], source.output, sizes, problems)
      : [];
    return { name: head.name, after: head.after, weight: head.weight, layers: planned };
  });
  return { network: { layers, auxiliary, numClasses: sizes.numClasses }, problems };
}

function planStack(
  stack: readonly LayerOptions[],
  prefix: string,
  path: KeyPath,
  input: Shape,
  sizes: ModelSizes,
  problems: Problem[],
): PlannedLayer[] {
  const names = new Map<string, number>();
  for (const [index, { name }] of stack.entries()) {
    const first = names.get(name);
    if (first === undefined) names.set(name, index);
    else
      problems.push({
        path: [...path, index, 'name'],
        expected: `a name of its own (${[...path, first].join('.')} has it)`,
        actual: name,
      });
  }
  const planned: PlannedLayer[] = [];
  let shape = input;
  for (const [index, options] of stack.entries()) {
    try {
      const plan = layerEntry(options.type).plan(options, shape, sizes);
      planned.push({ ...plan, name: `${prefix}${options.name}`, options, input: shape });
      shape = plan.output;
    } catch (error) {
      if (!(error instanceof OptionError)) throw error;
      const at = error.option === null ? [...path, index] : [...path, index, error.option];
      problems.push({ path: at, expected: error.expected, actual: error.actual });
      return planned;
    }
  }
  if (shape.length !== 1 || shape[0] !== sizes.numClasses) {
    const last = stack.length - 1;
    const at = 'units' in stack[last]! ? [...path, last, 'units'] : [...path, last];
    problems.push({
      path: at,
      expected: `${sizes.numClasses} outputs, one per class`,
      actual: shape.join(' × '),
    });
  }
  return planned;
}
