import type { Node } from '../../tracing/graph.js';
import { int64s } from './descriptors.js';
import { withRelu } from './elementwise.js';
import type { Pointer } from './library.js';
import { ARG, numbers, type Operation, QUERY, TRAINING } from './operation.js';
import type { PlanBuilder, Slot } from './plan.js';

const DIRECT_CONVOLUTION = 1;

/** Shapes of a convolution's tensors. */
interface Convolution {
  readonly x: readonly number[];
  readonly filter: readonly number[];
  readonly y: readonly number[];
}

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

export const convolution: Operation = (plan, node) => {
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

export const inputGradient: Operation = (plan, node) => {
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

export const filterGradient: Operation = (plan, node) => {
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
