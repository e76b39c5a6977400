import type { PlannedHead, PlannedLayer } from '../config/network.js';
import type { Plan } from '../config/resolve.js';
import { layerEntry } from '../registry/layers/index.js';
import type { Shape } from '../registry/layers/layer.js';
import { pair } from '../registry/schema.js';

/** The network as a flowchart of Mermaid (https://mermaid.js.org): layers, branches, auxiliary heads, loss. */
export function networkDiagram({ config, network }: Plan): string {
  const { layers, auxiliary } = network;
  const main = drawStack(layers, 'layer', 'input', '-->');
  const heads = auxiliary.map((head, index) => drawHead(head, index, main.ends));
  const weights = auxiliary.map(({ name, weight }) => `${weight} · ${name}`);
  return [
    '---',
    `title: ${JSON.stringify(config.name)}`,
    '---',
    'flowchart TB',
    ...indented([
      node('input', ['input', shapeText(layers[0]!.input)], 'round'),
      ...[main, ...heads].flatMap(({ nodes }) => nodes),
      node('loss', ['loss', `${config.loss.type}: ${['main', ...weights].join(' + ')}`], 'round'),
      ...[main, ...heads].flatMap(({ edges }) => edges),
      `${main.last} --> loss`,
      ...heads.map(({ last }, index) => `${last} -. ${label([`× ${auxiliary[index]!.weight}`])} .-> loss`),
    ]),
  ].join('\n');
}

/** A layer or several. */
interface Drawn {
  readonly nodes: readonly string[];
  /** Kept apart from the nodes: what a subgraph mentions is drawn inside it. */
  readonly edges: readonly string[];
  /** The node that the output leaves from. */
  readonly last: string;
}

/** Layers below each other, from the node `source` on; `ends` has the node of each layer's output, by its name. */
function drawStack(layers: readonly PlannedLayer[], prefix: string, source: string, arrow: string) {
  const ends = new Map<string, string>();
  let last = source;
  const drawn = layers.map((layer, index) => {
    const one = drawLayer(layer, `${prefix}${index}`, last, index === 0 ? arrow : '-->');
    last = one.last;
    ends.set(layer.options.name, last);
    return one;
  });
  const nodes = drawn.flatMap((one) => one.nodes);
  return { nodes, edges: drawn.flatMap((one) => one.edges), last, ends };
}

function drawHead(
  { name, after, layers }: PlannedHead,
  index: number,
  ends: ReadonlyMap<string, string>,
): Drawn {
  const id = `head${index}`;
  const { nodes, edges, last } = drawStack(layers, `${id}_layer`, ends.get(after)!, '-.->');
  return { nodes: subgraph(id, `${name} (in training only)`, nodes), edges, last };
}

function drawLayer(layer: PlannedLayer, id: string, source: string, arrow: string): Drawn {
  const { options, input, output } = layer;
  const branches = layerEntry(options.type).branches?.(options, input);
  if (!branches) {
    const box = node(id, [options.name, operation(layer), shapeText(output)]);
    return { nodes: [box], edges: [`${source} ${arrow} ${id}`], last: id };
  }
  const parts = branches.flatMap((chain, branch) =>
    chain.map((part, index) =>
      node(`${id}_${branch}_${index}`, [part.name, part.operation, shapeText(part.output)]),
    ),
  );
  const edges = branches.flatMap((chain, branch) => {
    const ids = [...chain.map((_, index) => `${id}_${branch}_${index}`), id];
    return [`${source} ${arrow} ${ids.join(' --> ')}`];
  });
  const nodes = [...parts, node(id, ['concat', shapeText(output)], 'round')];
  return { nodes: subgraph(`${id}_branches`, `${options.name} (${options.type})`, nodes), edges, last: id };
}

function subgraph(id: string, title: string, nodes: readonly string[]): string[] {
  return [`subgraph ${id}[${label([title])}]`, ...indented(nodes), 'end'];
}

/** `conv 7×7, stride 2, relu` */
function operation({ options }: PlannedLayer): string {
  const words: string[] = [options.type];
  if ('kernel' in options) {
    const [height, width] = pair(options.stride ?? options.kernel);
    words[0] += ` ${pair(options.kernel).join('×')}`;
    if (height !== width) words.push(`stride ${height}×${width}`);
    else if (height > 1) words.push(`stride ${height}`);
  }
  if ('activation' in options && options.activation !== 'none') words.push(options.activation);
  return words.join(', ');
}

function shapeText(shape: Shape): string {
  return shape.join(' × ');
}

function node(id: string, lines: readonly string[], form: 'box' | 'round' = 'box'): string {
  return form === 'box' ? `${id}[${label(lines)}]` : `${id}([${label(lines)}])`;
}

/** Distinct lines of text in quotes. Characters that mean something to Mermaid or to HTML become its entity codes. */
function label(lines: readonly string[]): string {
  const escaped = [...new Set(lines)].map((line) =>
    line.replace(/[^\p{L}\p{N} .,:_×·()+-]/gu, (character) => `#${character.codePointAt(0)};`),
  );
  return `"${escaped.join('<br/>')}"`;
}

function indented(lines: readonly string[]): string[] {
  return lines.map((line) => `  ${line}`);
}
