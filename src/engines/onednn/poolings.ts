import type { Node } from '../../tracing/graph.js';
import { int64s } from './descriptors.js';
import { reluBackward } from './elementwise.js';
import type { Pointer } from './library.js';
import { ARG, numbers, type Operation, QUERY, TRAINING } from './operation.js';
import type { PlanBuilder, Slot } from './plan.js';

const [MAX_POOLING, AVERAGE_POOLING] = [0x1ff, 0x2ff];

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

export const maxPool: Operation = (plan, node) => {
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

export const maxPoolGradient: Operation = (plan, node) => {
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

export const averagePool: Operation = (plan, node) => {
  const source = plan.first(node.inputs[0]!);
  const y = node.outputs[0]!;
  const pd = forwardPooling(plan, node, AVERAGE_POOLING, source.md!, plan.shape(y));
  plan.run(pd, [
    [ARG.src, source],
    [ARG.dst, plan.define(y, plan.library.queryDesc(pd, QUERY.dst))],
  ]);
};

export const averagePoolGradient: Operation = (plan, node) => {
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
