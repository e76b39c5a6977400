import { type PlannedLayer, subtree } from '../config/network.js';
import type { Plan } from '../config/resolve.js';
import { printable } from '../config/words.js';
import type { Experiment } from '../registry/experiment.js';
import { layerEntry } from '../registry/layers/index.js';
import type { Shape } from '../registry/layers/layer.js';
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
  readonly parameters: number;
  readonly macs: number;
  /** The weights that a run starts from, as the config has them; null where all are drawn from the seed. */
  readonly init: Experiment['init'];
}

export function describePlan(plan: Plan): Description {
  const { network } = plan;
  return {
    name: plan.config.name,
    input: network.layers[0]!.input,
    layers: network.layers.flatMap((layer) => describeLayer(layer)),
    auxiliary: network.auxiliary.flatMap(({ after, weight, layers }) =>
      layers.flatMap((layer) => describeLayer(layer).map((each) => ({ ...each, after, weight }))),
    ),
    parameters: plan.parameterCount,
    macs: plan.macs,
    init: plan.config.init,
  };
}

/** A layer and what the config has inside it: what a composite stands for is not there. */
function describeLayer(layer: PlannedLayer, depth = 0): DescribedLayer[] {
  const { name, label, options, output } = layer;
  const all = subtree(layer);
  const tensors = all.flatMap((each) => each.tensors.filter(({ role }) => role === 'parameter'));
  const parameters = tensors.reduce((sum, { shape }) => sum + elements(shape), 0);
  const macs = all.reduce((sum, each) => sum + each.macs, 0);
  const held = 'expand' in layerEntry(options.type) ? [] : layer.stacks.flatMap((stack) => stack.layers);
  const described = { name, label, depth, type: options.type, output, parameters, macs };
  return [described, ...held.flatMap((each) => describeLayer(each, depth + 1))];
}

const HEADER = ['layer', 'type', 'output', 'parameters', 'MACs'] as const;
const NUMBERS = [HEADER.indexOf('parameters'), HEADER.indexOf('MACs')];

/** The description as a table of plain text. */
export function descriptionTable(description: Description): string {
  const { name, input, layers, auxiliary, parameters, macs, init } = description;
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
  if (init) {
    const afresh = init.ignore.length > 0 ? `; afresh: ${init.ignore.join(', ')}` : '';
    notes.push(printable(`starts from ${init.file}${afresh}`));
  }
  return [name, '', ...lines, ...(notes.length > 0 ? ['', ...notes] : [])].join('\n');
}
