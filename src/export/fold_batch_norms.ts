import type { Graph, Node } from '../tracing/graph.js';
import type { View } from '../tracing/view.js';
import { computeConstants } from './constant_values.js';

/**
 * A graph of a prediction whose convolutions do the work of the batch norms behind them: in evaluation, a batch norm is a
 * factor and a summand for each channel, and w ⋆ x · f + s = (w · f) ⋆ x + s (Jacob et al. 2017, section 3.2). So it is
 * with everything of that form, whatever layer it comes of; where something else reads the convolution too, it stays.
 * Weights and biases that became others are called after the weight: `NAME_folded`, `NAME_folded_bias`.
 */
export async function foldBatchNorms(given: Graph): Promise<Graph> {
  const graph = await computeConstants(given);
  const readers = new Map<string, Node[]>();
  for (const node of graph.nodes) {
    for (const name of node.inputs) readers.set(name, [...(readers.get(name) ?? []), node]);
  }
  const outputs = new Set(graph.outputs.map(({ name }) => name));
  const onlyReader = (name: string): Node | undefined => {
    const found = readers.get(name) ?? [];
    return found.length === 1 && !outputs.has(name) ? found[0] : undefined;
  };
  const folded = new Map<string, View>();
  const gone = new Set<Node>();
  const nodes = graph.nodes.map((node) => {
    const weight = graph.initializers.get(node.inputs[1] ?? '');
    if (node.op !== 'Conv' || weight === undefined) return node;
    const bias = node.inputs[2] === undefined ? undefined : graph.initializers.get(node.inputs[2]);
    if (node.inputs[2] !== undefined && bias === undefined) return node;
    const sum = new PerChannel(weight, bias);
    let [output] = node.outputs as [string];
    for (let next = onlyReader(output); next !== undefined; next = onlyReader(output)) {
      const other = next.inputs.find((name) => name !== output);
      if (!sum.absorb(next.op, other === undefined ? undefined : graph.initializers.get(other))) break;
      gone.add(next);
      output = next.outputs[0]!;
    }
    if (output === node.outputs[0]) return node;
    const name = `${node.inputs[1]!}_folded`;
    folded.set(name, sum.weight).set(`${name}_bias`, sum.bias);
    return { ...node, inputs: [node.inputs[0]!, name, `${name}_bias`], outputs: [output] };
  });
  const left = nodes.filter((node) => !gone.has(node));
  const read = new Set(left.flatMap(({ inputs }) => inputs));
  const initializers = new Map([...graph.initializers, ...folded].filter(([name]) => read.has(name)));
  return { ...graph, nodes: left, initializers };
}

/** A convolution, then a factor and a summand for each of its output channels, in double precision. */
class PerChannel {
  private readonly channels: number;
  private readonly factor: Float64Array;
  private readonly summand: Float64Array;

  /** @param filter float32 [channels, …] @param bias float32 [channels] */
  constructor(
    private readonly filter: View,
    bias: View | undefined,
  ) {
    this.channels = filter.shape[0]!;
    this.factor = new Float64Array(this.channels).fill(1);
    this.summand = Float64Array.from(bias ? (bias.data as Float32Array) : new Float32Array(this.channels));
  }

  /** Takes in a node behind it. @param other what it multiplies with or adds @returns whether it is of that form */
  absorb(op: string, other: View | undefined): boolean {
    if ((op !== 'Mul' && op !== 'Add') || other === undefined || !this.isPerChannel(other)) return false;
    const values = other.data as Float32Array;
    for (let channel = 0; channel < this.channels; channel++) {
      const value = values[channel]!;
      if (op === 'Mul') this.factor[channel]! *= value;
      this.summand[channel] = op === 'Mul' ? this.summand[channel]! * value : this.summand[channel]! + value;
    }
    return true;
  }

  /** Whether its shape broadcasts over [batch, channels, height, width] as a number for each channel. */
  private isPerChannel({ shape }: View): boolean {
    const [batch, channels, height, width] = [...Array<number>(4 - shape.length).fill(1), ...shape];
    return batch === 1 && channels === this.channels && height === 1 && width === 1;
  }

  get weight(): View {
    const size = this.filter.data.length / this.channels;
    const values = this.filter.data as Float32Array;
    const data = values.map((value, index) => value * this.factor[Math.floor(index / size)]!);
    return { ...this.filter, data };
  }

  get bias(): View {
    return { type: 'float32', shape: [this.channels], data: Float32Array.from(this.summand) };
  }
}
