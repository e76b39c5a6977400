import type { Node } from '../../tracing/graph.js';
import { int64s } from './descriptors.js';
import type { Library, Pointer } from './library.js';
import type { PlanBuilder, Slot } from './plan.js';

/** Appends what computes a node. */
type Operation = (plan: PlanBuilder, node: Node) => void;

/** DNNL_ARG_…. */
const ARG = {
  src: 1,
  src1: 2,
  dst: 17,
  weights: 33,
  bias: 41,
  workspace: 64,
  diffSrc: 129,
  diffDst: 145,
  diffWeights: 161,
  diffBias: 169,
  multipleSrc: 1024,
} as const;

/** dnnl_query_t of descriptors. */
const QUERY = {
  src: 129,
  diffSrc: 130,
  weights: 131,
  diffWeights: 132,
  dst: 133,
  diffDst: 134,
  workspace: 135,
} as const;

const [TRAINING, INFERENCE] = [64, 96];
const DIRECT_CONVOLUTION = 1;
const [RELU, RELU_BY_RESULT] = [0x20, 0x100];
const [MAX_POOLING, AVERAGE_POOLING] = [0x1ff, 0x2ff];
const ADD = 0x1fff0;

/** Shapes of a convolution's tensors. */
interface Convolution {
  readonly x: readonly number[];
  readonly filter: readonly number[];
  readonly y: readonly number[];
}

const numbers = (node: Node, name: string) => node.attributes[name] as readonly number[];

/** Strides, dilations (counted from 0) and padding of a convolution, as all of its functions take them. */
function geometry(node: Node): BigInt64Array[] {
  const [top, left, bottom, right] = numbers(node, 'pads') as [number, number, number, number];
  const dilations = numbers(node, 'dilations').map((dilation) => dilation - 1);
  return [numbers(node, 'strides'), dilations, [top, left], [bottom, right]].map(int64s);
}

/** A filter as the library has it: in groups, with an axis for them. */
function filterShape(node: Node, [outputs, ...rest]: readonly number[]): readonly number[] {
  const group = node.attributes.group as number;
  return group === 1 ? [outputs!, ...rest] : [group, outputs! / group, ...rest];
}

/** The descriptor of the forward pass, which those of the gradients refer to. */
function forwardConvolution(
  plan: PlanBuilder,
  node: Node,
  { x, filter, y }: Convolution,
  hasBias: boolean,
): Pointer {
  const { descriptors, library, engine } = plan;
  const any = (shape: readonly number[]) => descriptors.any(shape);
  const create = (attr: Pointer | null) =>
    library.make.convolution_forward_primitive_desc_create(
      engine,
      TRAINING,
      DIRECT_CONVOLUTION,
      any(x),
      any(filterShape(node, filter)),
      hasBias ? descriptors.plain([filter[0]!]) : null,
      any(y),
      ...geometry(node),
      attr,
    );
  return plan.owned.pd(node.attributes.relu ? withRelu(library, create) : create(null));
}

/** Makes a descriptor whose primitive changes its result by a ReLU. */
function withRelu(library: Library, create: (attr: Pointer) => Pointer): Pointer {
  const { make, call } = library;
  const attr = make.primitive_attr_create();
  const postOps = make.post_ops_create();
  try {
    call.post_ops_append_eltwise(postOps, RELU, 0, 0);
    call.primitive_attr_set_post_ops(attr, postOps);
    return create(attr);
  } finally {
    call.post_ops_destroy(postOps);
    call.primitive_attr_destroy(attr);
  }
}

const convolution: Operation = (plan, node) => {
  const [x, filter, bias] = node.inputs as [string, string, string?];
  const [y] = node.outputs as [string];
  const shapes = { x: plan.shape(x), filter: plan.shape(filter), y: plan.shape(y) };
  const pd = forwardConvolution(plan, node, shapes, bias !== undefined);
  const md = (what: number) => plan.library.queryDesc(pd, what);
  const args: [number, Slot, Pointer?][] = [
    [ARG.src, plan.as(x, md(QUERY.src))],
    filterAs(plan, node, filter, md(QUERY.weights)),
  ];
  if (bias !== undefined) args.push([ARG.bias, plan.plain(bias)]);
  plan.run(pd, [...args, [ARG.dst, plan.define(y, md(QUERY.dst))]]);
};

/** The argument of a filter in the layout that a primitive wants. */
function filterAs(
  plan: PlanBuilder,
  node: Node,
  filter: string,
  md: Pointer,
): [arg: number, slot: Slot, md: Pointer] {
  const shape = plan.shape(filter);
  const grouped = filterShape(node, shape);
  const slot = plan.as(filter, md, grouped.length === shape.length ? undefined : grouped);
  return [ARG.weights, slot, md];
}

const inputGradient: Operation = (plan, node) => {
  const [dy, filter] = node.inputs as [string, string];
  const [dx] = node.outputs as [string];
  const { descriptors, library, engine } = plan;
  const shapes = { x: plan.shape(dx), filter: plan.shape(filter), y: plan.shape(dy) };
  const hint = forwardConvolution(plan, node, shapes, false);
  const pd = plan.owned.pd(
    library.make.convolution_backward_data_primitive_desc_create(
      engine,
      DIRECT_CONVOLUTION,
      descriptors.any(shapes.x),
      descriptors.any(filterShape(node, shapes.filter)),
      descriptors.any(shapes.y),
      ...geometry(node),
      hint,
      null,
    ),
  );
  const md = (what: number) => library.queryDesc(pd, what);
  plan.run(pd, [
    [ARG.diffDst, plan.as(dy, md(QUERY.diffDst))],
    filterAs(plan, node, filter, md(QUERY.weights)),
    [ARG.diffSrc, plan.define(dx, md(QUERY.diffSrc))],
  ]);
};

const filterGradient: Operation = (plan, node) => {
  const [x, dy] = node.inputs as [string, string];
  const [dw, db] = node.outputs as [string, string?];
  const { descriptors, library, engine } = plan;
  const shapes = { x: plan.shape(x), filter: plan.shape(dw), y: plan.shape(dy) };
  const grouped = filterShape(node, shapes.filter);
  const hint = forwardConvolution(plan, node, shapes, db !== undefined);
  const pd = plan.owned.pd(
    library.make.convolution_backward_weights_primitive_desc_create(
      engine,
      DIRECT_CONVOLUTION,
      descriptors.any(shapes.x),
      descriptors.any(grouped),
      db === undefined ? null : descriptors.plain([shapes.filter[0]!]),
      descriptors.any(shapes.y),
      ...geometry(node),
      hint,
      null,
    ),
  );
  const md = (what: number) => library.queryDesc(pd, what);
  const [source, gradient] = [plan.as(x, md(QUERY.src)), plan.as(dy, md(QUERY.diffDst))];
  const isGrouped = grouped.length > shapes.filter.length;
  const computed = isGrouped ? plan.scratch(md(QUERY.diffWeights)) : plan.define(dw, md(QUERY.diffWeights));
  plan.run(pd, [
    [ARG.src, source],
    [ARG.diffDst, gradient],
    [ARG.diffWeights, computed],
    ...(db === undefined
      ? []
      : [[ARG.diffBias, plan.define(db, descriptors.plain([shapes.filter[0]!]))] as const]),
  ]);
  if (!isGrouped) return;
  // The plain filter in groups has the bytes of the plain filter.
  const slot = plan.define(dw, descriptors.plain(shapes.filter));
  plan.reorder({ slot: computed, md: computed.md! }, { slot, md: descriptors.plain(grouped) });
};

/** Window, strides and padding of a pooling, as its functions take them; dilation 0 is none. */
function poolingWindow(node: Node): BigInt64Array[] {
  const [top, left, bottom, right] = numbers(node, 'pads') as [number, number, number, number];
  return [numbers(node, 'strides'), numbers(node, 'kernel_shape'), [0, 0], [top, left], [bottom, right]].map(
    int64s,
  );
}

function forwardPooling(
  plan: PlanBuilder,
  node: Node,
  kind: number,
  src: Pointer,
  y: readonly number[],
): Pointer {
  return plan.owned.pd(
    plan.library.make.pooling_forward_primitive_desc_create(
      plan.engine,
      TRAINING,
      kind,
      src,
      plan.descriptors.any(y),
      ...poolingWindow(node),
      null,
    ),
  );
}

/** What the gradient of a max-pooling needs of the forward pass. */
interface Pooled {
  readonly pd: Pointer;
  readonly workspace: Slot;
}

const maxPool: Operation = (plan, node) => {
  const source = plan.first(node.inputs[0]!);
  const y = node.outputs[0]!;
  const pd = forwardPooling(plan, node, MAX_POOLING, source.md!, plan.shape(y));
  const workspace = plan.scratch(plan.library.queryDesc(pd, QUERY.workspace));
  plan.run(pd, [
    [ARG.src, source],
    [ARG.dst, plan.define(y, plan.library.queryDesc(pd, QUERY.dst))],
    [ARG.workspace, workspace],
  ]);
  plan.note(`pooled ${y}`, { pd, workspace } satisfies Pooled);
};

const maxPoolGradient: Operation = (plan, node) => {
  const [, y, dy] = node.inputs as [string, string, string];
  const [dx] = node.outputs as [string];
  const { descriptors, library, engine } = plan;
  const { pd: hint, workspace } = plan.noted<Pooled>(`pooled ${y}`)!;
  const layout = library.queryDesc(hint, QUERY.dst);
  let gradient = plan.as(dy, layout);
  // A maximum that the ReLU before the pooling let pass is positive: the mask is applied to the fewer numbers.
  if (node.attributes.positive) {
    const masked = plan.scratch(layout);
    reluBackward(plan, plan.as(y, layout), gradient, masked);
    gradient = masked;
  }
  const pd = plan.owned.pd(
    library.make.pooling_backward_primitive_desc_create(
      engine,
      MAX_POOLING,
      descriptors.any(plan.shape(dx)),
      layout,
      ...poolingWindow(node),
      hint,
      null,
    ),
  );
  plan.run(pd, [
    [ARG.diffDst, gradient],
    [ARG.workspace, workspace],
    [ARG.diffSrc, plan.define(dx, library.queryDesc(pd, QUERY.diffSrc))],
  ]);
};

const averagePool: Operation = (plan, node) => {
  const source = plan.first(node.inputs[0]!);
  const y = node.outputs[0]!;
  const pd = forwardPooling(plan, node, AVERAGE_POOLING, source.md!, plan.shape(y));
  plan.run(pd, [
    [ARG.src, source],
    [ARG.dst, plan.define(y, plan.library.queryDesc(pd, QUERY.dst))],
  ]);
};

const averagePoolGradient: Operation = (plan, node) => {
  const [dx] = node.outputs as [string];
  const { descriptors, library, engine } = plan;
  const gradient = plan.first(node.inputs[0]!);
  const src =
    descriptors.like(gradient.md!, gradient.shape, plan.shape(dx)) ?? descriptors.plain(plan.shape(dx));
  const hint = forwardPooling(plan, node, AVERAGE_POOLING, src, gradient.shape);
  const pd = plan.owned.pd(
    library.make.pooling_backward_primitive_desc_create(
      engine,
      AVERAGE_POOLING,
      src,
      gradient.md!,
      ...poolingWindow(node),
      hint,
      null,
    ),
  );
  plan.run(pd, [
    [ARG.diffDst, gradient],
    [ARG.diffSrc, plan.define(dx, src)],
  ]);
};

const relu: Operation = (plan, node) => {
  const source = plan.first(node.inputs[0]!);
  const pd = plan.owned.pd(
    plan.library.make.eltwise_forward_primitive_desc_create(
      plan.engine,
      INFERENCE,
      RELU,
      source.md!,
      source.md!,
      0,
      0,
      null,
    ),
  );
  plan.run(pd, [
    [ARG.src, source],
    [ARG.dst, resultLike(plan, node, node.inputs[0]!, source)],
  ]);
};

/** Memory for a result in the layout of an input: the input's own, where nobody needs that any more. */
function resultLike(plan: PlanBuilder, node: Node, input: string, slot: Slot): Slot {
  const [name] = node.outputs as [string];
  if (!plan.mayOverwrite(input, node, slot)) return plan.define(name, slot.md!);
  plan.defineIn(name, slot);
  return slot;
}

/** dx = dy where y = relu(x) is positive, else 0. */
const reluGradient: Operation = (plan, node) => {
  const [y, dy] = node.inputs as [string, string];
  const result = plan.first(y);
  const gradient = plan.as(dy, result.md!);
  reluBackward(plan, result, gradient, resultLike(plan, node, dy, gradient));
};

function reluBackward(plan: PlanBuilder, y: Slot, dy: Slot, dx: Slot): void {
  const { make } = plan.library;
  const layout = y.md!;
  const hint = plan.owned.pd(
    make.eltwise_forward_primitive_desc_create(
      plan.engine,
      TRAINING,
      RELU_BY_RESULT,
      layout,
      layout,
      0,
      0,
      null,
    ),
  );
  const pd = plan.owned.pd(
    make.eltwise_backward_primitive_desc_create(
      plan.engine,
      RELU_BY_RESULT,
      layout,
      layout,
      layout,
      0,
      0,
      hint,
      null,
    ),
  );
  plan.run(pd, [
    [ARG.dst, y],
    [ARG.diffDst, dy],
    [ARG.diffSrc, dx],
  ]);
}

/** The layout that most of a value's like have, by bytes: a blocked one before the plain one. */
function commonLayout(plan: PlanBuilder, names: readonly string[]): Pointer {
  const slots = names.map((name) => plan.first(name));
  const plain = plan.descriptors.plain(slots[0]!.shape);
  return (slots.find(({ md }) => !plan.library.areEqual(md!, plain)) ?? slots[0]!).md!;
}

const sum: Operation = (plan, node) => {
  const { make } = plan.library;
  const layout = commonLayout(plan, node.inputs);
  const slots = node.inputs.map((name) => plan.as(name, layout));
  if (slots.length === 2) {
    const [a, b] = slots as [Slot, Slot];
    const create = (attr: Pointer | null) =>
      make.binary_primitive_desc_create(plan.engine, ADD, layout, layout, layout, attr);
    const pd = plan.owned.pd(node.attributes.relu ? withRelu(plan.library, create) : create(null));
    plan.run(pd, [
      [ARG.src, a],
      [ARG.src1, b],
      [ARG.dst, resultLike(plan, node, node.inputs[0]!, a)],
    ]);
    return;
  }
  const pd = plan.owned.pd(
    make.sum_primitive_desc_create(
      plan.engine,
      layout,
      slots.length,
      new Float32Array(slots.length).fill(1),
      BigInt64Array.from(slots, () => layout),
      null,
    ),
  );
  plan.run(pd, [
    ...slots.map((slot, index) => [ARG.multipleSrc + index, slot] as const),
    [ARG.dst, plan.define(node.outputs[0]!, layout)],
  ]);
};

const concat: Operation = (plan, node) => {
  const [y] = node.outputs as [string];
  const { library, descriptors } = plan;
  const slots = node.inputs.map((name) => plan.first(name));
  const layout = commonConcatLayout(plan, slots, y);
  const pd = plan.owned.pd(
    library.make.concat_primitive_desc_create(
      plan.engine,
      layout ?? descriptors.plain(plan.shape(y)),
      slots.length,
      node.attributes.axis as number,
      BigInt64Array.from(slots, ({ md }) => md!),
      null,
    ),
  );
  plan.run(pd, [
    ...slots.map((slot, index) => [ARG.multipleSrc + index, slot] as const),
    [ARG.dst, plan.define(y, library.queryDesc(pd, QUERY.dst))],
  ]);
};

/** The layout of the largest part, for the whole. */
function commonConcatLayout(plan: PlanBuilder, slots: readonly Slot[], y: string): Pointer | undefined {
  const [largest] = slots.toSorted((a, b) => b.bytes - a.bytes) as [Slot];
  return plan.descriptors.like(largest.md!, largest.shape, plan.shape(y));
}

const split: Operation = (plan, node) => {
  const { descriptors, library, owned } = plan;
  const [x] = node.inputs as [string];
  const shape = plan.shape(x);
  const axis = node.attributes.axis as number;
  const part = (source: Slot, name: string, offset: number) =>
    owned.desc(
      library.make.memory_desc_create_submemory(
        source.md!,
        int64s(plan.shape(name)),
        int64s(shape.map((_, at) => (at === axis ? offset : 0))),
      ),
    );
  const source = plan.first(x);
  const offsets: number[] = [];
  node.outputs.reduce((offset, name) => {
    offsets.push(offset);
    return offset + plan.shape(name)[axis]!;
  }, 0);
  const blocks = [...offsets, ...node.outputs.map((name) => plan.shape(name)[axis]!)];
  // A part that does not begin with a block cannot be taken out of blocks.
  const whole = blocks.every((size) => size % LARGEST_BLOCK === 0) ? source : plan.plain(x);
  for (const [index, name] of node.outputs.entries()) {
    const layout =
      descriptors.like(whole.md!, shape, plan.shape(name)) ?? descriptors.plain(plan.shape(name));
    plan.reorder(
      { slot: whole, md: part(whole, name, offsets[index]!) },
      { slot: plan.define(name, layout), md: layout },
    );
  }
};

/** Channels that lie together in the largest blocks. */
const LARGEST_BLOCK = 16;

const identity: Operation = (plan, node) => plan.alias(node.outputs[0]!, node.inputs[0]!);

/** Every operation that oneDNN computes, by its name in graphs. */
export const operations: Readonly<Record<string, Operation>> = {
  Convolution: convolution,
  ConvolutionInputGradient: inputGradient,
  ConvolutionFilterGradient: filterGradient,
  MaxPool: maxPool,
  MaxPoolGradient: maxPoolGradient,
  AveragePool: averagePool,
  AveragePoolGradient: averagePoolGradient,
  Relu: relu,
  ReluGradient: reluGradient,
  Add: sum,
  Sum: sum,
  Concat: concat,
  Split: split,
  Identity: identity,
};
