import { int64s } from './descriptors.js';
import type { Pointer } from './library.js';
import { ARG, type Operation, QUERY } from './operation.js';
import type { PlanBuilder, Slot } from './plan.js';

/** Channels that lie together in the largest blocks. */
const LARGEST_BLOCK = 16;

export const concat: Operation = (plan, node) => {
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

export const split: Operation = (plan, node) => {
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
