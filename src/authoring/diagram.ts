import { type PlannedHead, type PlannedLayer, type PlannedStack, subtree } from '../config/network.js';
import type { Plan } from '../config/resolve.js';
import { shapeText } from '../registry/layers/container.js';
import { layerEntry } from '../registry/layers/index.js';
import { pair } from '../registry/schema.js';

/**
 * The network as a flowchart of Mermaid (https://mermaid.js.org): layers, branches, auxiliary heads, loss.
 * @param expand whether what a composite layer stands for is drawn, too
 */
export function networkDiagram({ config, network }: Plan, expand: boolean): string {
  const { layers, auxiliary } = network;
  const ends = new Map<string, string>();
  const main = drawStack({ layers }, 'layer', { source: 'input', arrow: '-->', ends, expand });
  const heads = auxiliary.map((head, index) => drawHead(head, index, ends, expand));
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

/** What is drawn behind the node `source`; `arrow` leads there. */
interface Behind {
  readonly source: string;
  readonly arrow: string;
  /** Gets the node of each layer's output, by the layer's name. */
  readonly ends: Map<string, string>;
  readonly expand: boolean;
}

function drawStack({ layers }: Pick<PlannedStack, 'layers'>, prefix: string, behind: Behind): Drawn {
  let { source, arrow } = behind;
  const drawn = layers.map((layer, index) => {
    const one = drawLayer(layer, `${prefix}${index}`, { ...behind, source, arrow });
    [source, arrow] = [one.last, '-->'];
    behind.ends.set(layer.name, source);
    return one;
  });
  return {
    nodes: drawn.flatMap(({ nodes }) => nodes),
    edges: drawn.flatMap(({ edges }) => edges),
    last: source,
  };
}

function drawHead(
  { name, after, layers }: PlannedHead,
  index: number,
  ends: Behind['ends'],
  expand: boolean,
): Drawn {
  const id = `head${index}`;
  const drawn = drawStack({ layers }, `${id}_layer`, {
    source: ends.get(after)!,
    arrow: '-.->',
    ends,
    expand,
  });
  return { ...drawn, nodes: subgraph(id, `${name} (in training only)`, drawn.nodes) };
}

function drawLayer(layer: PlannedLayer, id: string, behind: Behind): Drawn {
  const { label: name, options, output, stacks } = layer;
  if (stacks.length === 0 || (!behind.expand && 'expand' in layerEntry(options.type))) {
    // What reads a layer of it reads it.
    for (const each of subtree(layer)) behind.ends.set(each.name, id);
    const box = node(id, [name, operation(layer), shapeText(output)]);
    return { nodes: [box], edges: [`${behind.source} ${behind.arrow} ${id}`], last: id };
  }
  const inner = stacks.length === 1 ? drawStack(stacks[0]!, `${id}_`, behind) : drawMerged(layer, id, behind);
  // Without a name there is nothing that a frame could tell.
  if (options.name === null) return inner;
  return { ...inner, nodes: subgraph(`${id}_inside`, `${name} (${options.type})`, inner.nodes) };
}

/** Stacks side by side, and the node that merges them. */
function drawMerged({ options, output, stacks }: PlannedLayer, id: string, behind: Behind): Drawn {
  const entry = layerEntry(options.type);
  const merged = 'merge' in entry ? (entry.mergedBy(options) ?? options.type) : options.type;
  const drawn = stacks.map((stack, index) => drawStack(stack, `${id}_${index}_`, behind));
  const into = drawn.map(({ last }, index) => {
    const arrow = stacks[index]!.layers.length === 0 ? behind.arrow : '-->';
    return `${last} ${arrow} ${id}`;
  });
  return {
    nodes: [...drawn.flatMap(({ nodes }) => nodes), node(id, [merged, shapeText(output)], 'round')],
    edges: [...drawn.flatMap(({ edges }) => edges), ...into],
    last: id,
  };
}

function subgraph(id: string, title: string, nodes: readonly string[]): string[] {
  return [`subgraph ${id}[${label([title])}]`, ...indented(nodes), 'end'];
}

/** `conv 7×7, stride 2, relu` */
function operation({ options }: PlannedLayer): string {
  const words: string[] = [options.type];
  if ('kernel' in options) words[0] += ` ${pair(options.kernel).join('×')}`;
  const stride = 'stride' in options ? options.stride : null;
  if (stride !== null || 'kernel' in options) {
    const [height, width] = pair(stride ?? ('kernel' in options ? options.kernel : 1));
    if (height !== width) words.push(`stride ${height}×${width}`);
    else if (height > 1) words.push(`stride ${height}`);
  }
  if ('activation' in options && options.activation !== 'none') words.push(options.activation);
  return words.join(', ');
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
