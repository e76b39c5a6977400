import { create, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { type Network, type PlannedLayer, subtree } from '../config/network.js';
import { stacksOf } from '../config/plan_stack.js';
import type { LayerOptions } from '../registry/layers/index.js';
import { type AttrValueSchema, GraphDefSchema, type NodeDefSchema } from './tensorboard_pb.js';

type Node = MessageInitShape<typeof NodeDefSchema>;
type Attribute = MessageInitShape<typeof AttrValueSchema>;

/** Names that no layer can have: in theirs, a number follows a hyphen. */
const INPUT = 'images-in';
const LOSS = 'total-loss';

/**
 * The network as TensorBoard's Graphs tab draws it, an encoded GraphDef: a node for each layer, what holds layers and
 * each auxiliary head as a scope of its own, and the loss that joins them. Shapes are [batch, ...], channels first; a batch of any size is -1.
 */
export function modelGraph({ layers, auxiliary }: Network, loss: string): Uint8Array {
  const input = layers[0]!.input;
  const main = stack(layers, INPUT);
  const sources = new Map(layers.flatMap(subtree).map((layer) => [layer.name, outputNode(layer)]));
  const heads = auxiliary.map((head) => stack(head.layers, sources.get(head.after)!));
  const node: Node[] = [
    { name: INPUT, op: 'Placeholder', attr: { _output_shapes: outputShape(input) } },
    ...main.nodes,
    ...heads.flatMap(({ nodes }) => nodes),
    {
      name: LOSS,
      op: loss,
      input: [main, ...heads].map(({ last }) => last),
      attr: { _output_shapes: { value: { case: 'list', value: { shape: [{}] } } } },
    },
  ];
  return toBinary(GraphDefSchema, create(GraphDefSchema, { node }));
}

/** Layers below each other, behind the node `source`. */
function stack(layers: readonly PlannedLayer[], source: string): { nodes: Node[]; last: string } {
  let last = source;
  const nodes = layers.flatMap((layer) => {
    const drawn = layerNodes(layer, last);
    last = outputNode(layer);
    return drawn;
  });
  return { nodes, last };
}

function layerNodes(layer: PlannedLayer, source: string): Node[] {
  const inside = layer.stacks.map(({ layers }) => stack(layers, source));
  const nodes = inside.flatMap((each) => each.nodes);
  // What only holds a stack computes nothing.
  if (inside.length === 1) return nodes;
  const input = inside.length === 0 ? [source] : inside.map(({ last }) => last);
  const attr = { ...settings(layer.options), _output_shapes: outputShape(layer.output) };
  return [...nodes, { name: outputNode(layer), op: layer.options.type, input, attr }];
}

/** The options of a layer but those that the graph shows itself. */
function settings(options: LayerOptions): Record<string, Attribute> {
  const { type: _type, name: _name, ...rest } = options;
  const held = new Set(stacksOf(options).map(({ path }) => path[0]));
  const shown = Object.entries(rest).filter(([key]) => !held.has(key));
  return Object.fromEntries(
    shown.map(([key, value]) => {
      const text = typeof value === 'string' ? value : JSON.stringify(value);
      return [key, { value: { case: 's', value: new TextEncoder().encode(text) } }];
    }),
  );
}

/** The node that a layer's output leaves from: a name that is a scope is no node's. */
function outputNode({ name, stacks }: PlannedLayer): string {
  const own = name.replaceAll('.', '/');
  if (stacks.length === 0) return own;
  return stacks.length === 1 ? outputNode(stacks[0]!.layers.at(-1)!) : `${own}/merge-out`;
}

function outputShape(dimensions: readonly number[]): Attribute {
  const dim = [-1, ...dimensions].map((size) => ({ size: BigInt(size) }));
  return { value: { case: 'list', value: { shape: [{ dim }] } } };
}
