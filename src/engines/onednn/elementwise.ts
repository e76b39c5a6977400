import type { Node } from '../../tracing/graph.js';
import type { Library, Pointer } from './library.js';
import { ARG, INFERENCE, type Operation, TRAINING } from './operation.js';
import type { PlanBuilder, Slot } from './plan.js';

const [RELU, RELU_BY_RESULT] = [0x20, 0x100];
const ADD = 0x1fff0;

export const relu: Operation = (plan, node) => {
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
export const reluGradient: Operation = (plan, node) => {
  const [y, dy] = node.inputs as [string, string];
  const result = plan.first(y);
  const gradient = plan.as(dy, result.md!);
  reluBackward(plan, result, gradient, resultLike(plan, node, dy, gradient));
};

export function reluBackward(plan: PlanBuilder, y: Slot, dy: Slot, dx: Slot): void {
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

/** Makes a descriptor whose primitive changes its result by a ReLU. */
export function withRelu(library: Library, create: (attr: Pointer) => Pointer): Pointer {
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

export const sum: Operation = (plan, node) => {
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

/** A blocked layout that one of the values has, else the plain one. */
function commonLayout(plan: PlanBuilder, names: readonly string[]): Pointer {
  const slots = names.map((name) => plan.first(name));
  const plain = plan.descriptors.plain(slots[0]!.shape);
  return (slots.find(({ md }) => !plan.library.areEqual(md!, plain)) ?? slots[0]!).md!;
}
