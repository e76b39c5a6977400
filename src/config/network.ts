import type { Experiment } from '../registry/experiment.js';
import type { LayerOptions } from '../registry/layers/index.js';
import type { LayerPlan, ModelSizes, Shape } from '../registry/layers/layer.js';
import { elements } from '../shape.js';
import { type Planning, planRoot, stacksOf } from './plan_stack.js';
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

/** A layer with everything known of it; one that holds stacks has no tensors of its own. */
export interface PlannedLayer extends LayerPlan {
  /**
   * Whole name, unique in the network: in the state dict (`layer1.0.conv1`, or `aux_classifier.fc1` in a head), or, for
   * one without a name, made of what it is in and of its `label`.
   */
  readonly name: string;
  /** Its own name, or its type and index: `max_pool-1`. */
  readonly label: string;
  /** Where the config has it; what a composite stands for is there where the composite is. */
  readonly path: KeyPath;
  readonly options: LayerOptions;
  readonly input: Shape;
  /** What it holds, in state-dict order; none for a layer that computes. */
  readonly stacks: readonly PlannedStack[];
}

/** Layers below each other; none pass the input on. */
export interface PlannedStack {
  readonly name: string | null;
  readonly layers: readonly PlannedLayer[];
}

export interface PlannedHead {
  readonly name: string;
  readonly after: string;
  readonly weight: number;
  /** The outermost layer before which the state dict has the head; null: behind all of them. */
  readonly listedBefore: string | null;
  readonly layers: readonly PlannedLayer[];
}

/** The network with all shapes resolved. */
export interface Network {
  readonly layers: readonly PlannedLayer[];
  readonly auxiliary: readonly PlannedHead[];
  readonly numClasses: number;
}

/** Every layer that computes, in state-dict order, those of the heads last. */
export function allLayers(network: Network): PlannedLayer[] {
  return wholeTree(network).filter(({ stacks }) => stacks.length === 0);
}

/** Every layer, each before those that it holds; the heads last. */
export function wholeTree({ layers, auxiliary }: Network): PlannedLayer[] {
  return [layers, ...auxiliary.map((head) => head.layers)].flat().flatMap(subtree);
}

/** A layer, then all that it holds. */
export function subtree(layer: PlannedLayer): PlannedLayer[] {
  return [layer, ...layer.stacks.flatMap((stack) => stack.layers.flatMap(subtree))];
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
  const planning: Planning = { sizes, init: model.init, problems: [], taken: new Map() };
  const { problems } = planning;
  const layers = planClassifier(model.layers, '', ['model', 'layers'], input, planning);
  const sources = new Map(layers.flatMap(subtree).map((layer) => [layer.name, layer]));
  const known = [...new Set([...namesIn(model.layers), ...named(layers)])];
  const taken = new Set(model.layers.map((layer) => layer.name));
  const auxiliary = model.auxiliary.map((head, index) => {
    const path = ['model', 'auxiliary', index];
    const isTaken = taken.has(head.name);
    if (isTaken) {
      problems.push({
        path: [...path, 'name'],
        expected: 'a name that no layer or other head has',
        actual: head.name,
      });
    }
    taken.add(head.name);
    const source = known.includes(head.after) ? sources.get(head.after) : undefined;
    if (!known.includes(head.after)) {
      const outermost = known.filter((name) => !name.includes('.'));
      const near = nearest(head.after, known);
      problems.push({
        path: [...path, 'after'],
        expected: `the name of a layer of the main stack (${outermost.join(', ')})`,
        actual: shorten(head.after),
        ...(near === undefined ? {} : { suggestion: `did you mean ${near}?` }),
      });
    }
    const outer = model.layers.flatMap(({ name }) => (name === null ? [] : [name]));
    if (head.listed_before !== null && !outer.includes(head.listed_before)) {
      problems.push({
        path: [...path, 'listed_before'],
        expected: `the name of an outermost layer of the main stack (${outer.join(', ')}), or null`,
        actual: shorten(head.listed_before),
      });
    }
    const planned = source
      ? planClassifier(head.layers, `${head.name}.`, [...path, 'layers'], source.output, {
          ...planning,
          // Each name inside would be told to be another's, too.
          ...(isTaken && { taken: new Map() }),
        })
      : [];
    const { name, after, weight, listed_before: listedBefore } = head;
    return { name, after, weight, listedBefore, layers: planned };
  });
  return { network: { layers, auxiliary, numClasses: sizes.numClasses }, problems };
}

/** Whole names of the layers that have one, those among them that a composite stands for. */
function named(layers: readonly PlannedLayer[]): string[] {
  return layers.flatMap(subtree).flatMap(({ name, options }) => (options.name === null ? [] : [name]));
}

/** Whole names of all layers that have one, as written: also behind a mistake. */
function namesIn(layers: readonly LayerOptions[], prefix = ''): string[] {
  return layers.flatMap((options) => {
    const name = `${prefix}${options.name ?? ''}`;
    const inner = options.name === null ? prefix : `${name}.`;
    const held = stacksOf(options).flatMap((stack) =>
      namesIn(stack.layers as LayerOptions[], stack.name === null ? inner : `${inner}${stack.name}.`),
    );
    return options.name === null ? held : [name, ...held];
  });
}

/** A stack whose last layer gives one output per class. */
function planClassifier(
  stack: readonly LayerOptions[],
  prefix: string,
  path: KeyPath,
  input: Shape,
  planning: Planning,
): readonly PlannedLayer[] {
  const { layers, output } = planRoot(stack, prefix, path, input, planning);
  const { numClasses } = planning.sizes;
  if (output !== null && (output.length !== 1 || output[0] !== numClasses)) {
    const last = stack.length - 1;
    planning.problems.push({
      path: 'units' in stack[last]! && output.length === 1 ? [...path, last, 'units'] : [...path, last],
      expected: `${numClasses} outputs, one per class`,
      actual: `${output.join(' × ')}${output.length === 1 ? '' : ' (put flatten or global_avg_pool before it)'}`,
    });
  }
  return layers;
}
