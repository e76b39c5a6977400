import { type FrozenPrefix, frozenPrefix } from '../config/frozen_prefix.js';
import { type PlannedLayer, subtree } from '../config/network.js';
import type { Plan } from '../config/resolve.js';
import { printable } from '../config/words.js';
import { bufferSpecs, trainedSpecs } from '../model/state_specs.js';
import type { Experiment } from '../registry/experiment.js';
import { layerEntry } from '../registry/layers/index.js';
import type { Shape, TensorSpec } from '../registry/layers/layer.js';
import { elements } from '../shape.js';
import { grouped } from '../terminal/format.js';
import { textTable } from '../terminal/table.js';

/** A layer as `gnet describe` shows it. Shapes are of one image, channels first; MACs those of one forward pass. */
export interface DescribedLayer {
  /** Whole name, `layer1.0.conv1`. */
  readonly name: string;
  /** The last part of it. */
  readonly label: string;
  /** How many layers it is in. One that is in another counts there, too. */
  readonly depth: number;
  readonly type: string;
  readonly output: Shape;
  readonly parameters: number;
  readonly macs: number;
}

export interface Description {
  readonly name: string;
  readonly input: Shape;
  /** Each before those that the config has inside it. */
  readonly layers: readonly DescribedLayer[];
  /** Layers of the auxiliary heads, named `<head>.<layer>`. */
  readonly auxiliary: readonly (DescribedLayer & { readonly after: string; readonly weight: number })[];
  /** Trained and frozen ones. */
  readonly parameters: number;
  readonly trained: number;
  /** Numbers of running statistics, and counters. */
  readonly buffers: number;
  readonly macs: number;
  /** The weights that a run starts from, as the config has them; null where all are drawn from the seed. */
  readonly init: Experiment['init'];
  /** Null where nothing is frozen. */
  readonly frozen: DescribedFreezing | null;
}

/** What becomes of the layers below the first trained one. */
export interface DescribedFreezing extends FrozenPrefix {
  /** All top-level layers of the main stack. */
  readonly of: number;
  /** The layer behind which features are computed once, and their shape; null where they are not. */
  readonly features: { readonly behind: string; readonly shape: Shape } | null;
}

/** @param expand whether the layers that a composite stands for are among them, too */
export function describePlan(plan: Plan, { expand }: { readonly expand: boolean }): Description {
  const { network } = plan;
  return {
    name: plan.config.name,
    input: network.layers[0]!.input,
    layers: network.layers.flatMap((layer) => describeLayer(layer, expand)),
    auxiliary: network.auxiliary.flatMap(({ after, weight, layers }) =>
      layers.flatMap((layer) => describeLayer(layer, expand).map((each) => ({ ...each, after, weight }))),
    ),
    parameters: plan.parameterCount,
    trained: countNumbers(trainedSpecs(plan)),
    buffers: countNumbers(bufferSpecs(network)),
    macs: plan.macs,
    init: plan.config.init,
    frozen: plan.frozen.size === 0 ? null : describeFreezing(plan),
  };
}

function countNumbers(specs: ReadonlyMap<string, TensorSpec>): number {
  return [...specs.values()].reduce((sum, { shape }) => sum + elements(shape), 0);
}

function describeFreezing(plan: Plan): DescribedFreezing {
  const { layers } = plan.network;
  const prefix = frozenPrefix(plan);
  const last = layers[prefix.cached - 1];
  const features = last ? { behind: last.name, shape: last.output } : null;
  return { ...prefix, of: layers.length, features };
}

/** A layer and what the config has inside it; what a composite stands for where that is wanted. */
function describeLayer(layer: PlannedLayer, expand: boolean, depth = 0): DescribedLayer[] {
  const { name, label, options, output } = layer;
  const all = subtree(layer);
  const tensors = all.flatMap((each) => each.tensors.filter(({ role }) => role === 'parameter'));
  const parameters = tensors.reduce((sum, { shape }) => sum + elements(shape), 0);
  const macs = all.reduce((sum, each) => sum + each.macs, 0);
  const isWhole = 'expand' in layerEntry(options.type) && !expand;
  const held = isWhole ? [] : layer.stacks.flatMap((stack) => stack.layers);
  const described = { name, label, depth, type: options.type, output, parameters, macs };
  return [described, ...held.flatMap((each) => describeLayer(each, expand, depth + 1))];
}

const HEADER = ['layer', 'type', 'output', 'parameters', 'MACs'] as const;
const NUMBERS = [HEADER.indexOf('parameters'), HEADER.indexOf('MACs')];

/** The description as a table of plain text. */
export function descriptionTable(description: Description): string {
  const { name, input, layers, auxiliary, parameters, trained, buffers, macs, init, frozen } = description;
  const row = (layer: DescribedLayer) => [
    layer.depth === 0 ? layer.name : `${'  '.repeat(layer.depth)}${layer.label}`,
    layer.type,
    layer.output.join(' × '),
    grouped(layer.parameters),
    grouped(layer.macs),
  ];
  const rows = [
    [...HEADER],
    ['', 'input', input.join(' × '), '', ''],
    ...layers.map(row),
    ...auxiliary.map(row),
    ['total', '', '', grouped(parameters), grouped(macs)],
  ];
  const lines = textTable(rows, NUMBERS);
  const heads = new Map(auxiliary.map((layer) => [layer.name.split('.')[0]!, layer]));
  const notes = [...heads].map(
    ([head, { after, weight }]) => `${head}: reads ${after}, its loss counts ${weight}; in training only`,
  );
  if (buffers > 0 || trained < parameters) notes.push(totals(description));
  if (init) {
    const afresh = init.ignore.length > 0 ? `; afresh: ${init.ignore.join(', ')}` : '';
    notes.push(printable(`starts from ${init.file}${afresh}`));
  }
  if (frozen) notes.push(...freezingNotes(frozen));
  return [name, '', ...lines, ...(notes.length > 0 ? ['', ...notes] : [])].join('\n');
}

function totals({ parameters, trained, buffers }: Description): string {
  const counts = [
    `${grouped(trained)} parameters trained`,
    ...(trained < parameters ? [`${grouped(parameters - trained)} frozen`] : []),
    ...(buffers > 0 ? [`${grouped(buffers)} numbers in buffers`] : []),
  ];
  return counts.join(', ');
}

function freezingNotes({ frozen, of, features, reason }: DescribedFreezing): string[] {
  const kept = features
    ? `features: computed once behind ${features.behind} (${features.shape.join(' × ')}), then read`
    : 'features: computed anew in each epoch';
  return [`frozen: the first ${frozen} of ${of} top-level layers`, `${kept}${reason ? `; ${reason}` : ''}`];
}
