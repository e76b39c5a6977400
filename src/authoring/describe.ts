import type { PlannedLayer } from '../config/network.js';
import type { Plan } from '../config/resolve.js';
import type { Shape } from '../registry/layers/layer.js';
import { elements } from '../shape.js';
import { grouped } from '../terminal/format.js';
import { textTable } from '../terminal/table.js';

/** A layer as `gnet describe` shows it. Shapes are of one image, channels first; MACs those of one forward pass. */
export interface DescribedLayer {
  readonly name: string;
  readonly type: string;
  readonly output: Shape;
  readonly parameters: number;
  readonly macs: number;
}

export interface Description {
  readonly name: string;
  readonly input: Shape;
  readonly layers: readonly DescribedLayer[];
  /** Layers of the auxiliary heads, named `<head>.<layer>`. */
  readonly auxiliary: readonly (DescribedLayer & { readonly after: string; readonly weight: number })[];
  readonly parameters: number;
  readonly macs: number;
}

export function describePlan(plan: Plan): Description {
  const { network } = plan;
  return {
    name: plan.config.name,
    input: network.layers[0]!.input,
    layers: network.layers.map(describeLayer),
    auxiliary: network.auxiliary.flatMap(({ after, weight, layers }) =>
      layers.map((layer) => ({ ...describeLayer(layer), after, weight })),
    ),
    parameters: plan.parameterCount,
    macs: plan.macs,
  };
}

function describeLayer({ name, options, output, tensors, macs }: PlannedLayer): DescribedLayer {
  const count = tensors.reduce(
    (sum, { role, shape }) => (role === 'parameter' ? sum + elements(shape) : sum),
    0,
  );
  return { name, type: options.type, output, parameters: count, macs };
}

const HEADER = ['layer', 'type', 'output', 'parameters', 'MACs'] as const;
const NUMBERS = [HEADER.indexOf('parameters'), HEADER.indexOf('MACs')];

/** The description as a table of plain text. */
export function descriptionTable({ name, input, layers, auxiliary, parameters, macs }: Description): string {
  const row = (layer: DescribedLayer) => [
    layer.name,
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
  return [name, '', ...lines, ...(notes.length > 0 ? ['', ...notes] : [])].join('\n');
}
