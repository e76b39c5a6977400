import { create, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import type { Network, PlannedLayer } from '../config/network.js';
import { type AttrValueSchema, GraphDefSchema, type NodeDefSchema } from './tensorboard_pb.js';

type Node = MessageInitShape<typeof NodeDefSchema>;
type Attribute = MessageInitShape<typeof AttrValueSchema>;

/** Names that no layer can have: theirs are without hyphens. */
const INPUT = 'images-in';
const LOSS = 'total-loss';

/**
 * The network as TensorBoard's Graphs tab draws it, an encoded GraphDef: a node for each layer, each auxiliary head in
 * a scope of its own, and the loss that joins them. Shapes are [batch, ...], channels first; a batch of any size is -1.
 */
export function modelGraph({ layers, auxiliary }: Network, loss: string): Uint8Array {
  const input = layers[0]!.input;
  const heads = auxiliary.map((head) => stack(head.layers, head.after));
  const ends = [layers, ...auxiliary.map((head) => head.layers)].map((all) => nodeName(all.at(-1)!));
  const node: Node[] = [
    { name: INPUT, op: 'Placeholder', attr: { _output_shapes: outputShape(input) } },
    ...stack(layers, INPUT),
    ...heads.flat(),
    {
      name: LOSS,
      op: loss,
      input: ends,
      attr: { _output_shapes: { value: { case: 'list', value: { shape: [{}] } } } },
    },
  ];
  return toBinary(GraphDefSchema, create(GraphDefSchema, { node }));
}

/** A chain of layers behind the node `source`. */
function stack(layers: readonly PlannedLayer[], source: string): Node[] {
  return layers.map((layer, index) => {
    const { type, name: _, ...options } = layer.options;
    const settings = Object.entries(options).map(([key, value]): [string, Attribute] => [
      key,
      {
        value: {
          case: 's',
          value: new TextEncoder().encode(typeof value === 'string' ? value : JSON.stringify(value)),
        },
      },
    ]);
    const input = index === 0 ? source : nodeName(layers[index - 1]!);
    const attr = { ...Object.fromEntries(settings), _output_shapes: outputShape(layer.output) };
    return { name: nodeName(layer), op: type, input: [input], attr };
  });
}

function nodeName({ name }: PlannedLayer): string {
  return name.replaceAll('.', '/');
}

function outputShape(dimensions: readonly number[]): Attribute {
  const dim = [-1, ...dimensions].map((size) => ({ size: BigInt(size) }));
  return { value: { case: 'list', value: { shape: [{ dim }] } } };
}
