import { GraphBuilder } from './graph.js';
import type { Target } from './kernels/kernel.js';
import { naturalOrder, type Order, physicalShape, sameOrder, type Value } from './value.js';

/** One trace: the graph under construction and the stored forms of its values that exist so far. */
export class Trace {
  readonly graph = new GraphBuilder();
  /** Names of the TensorFlow.js kernels that were called, in order of their first call. */
  readonly kernels = new Set<string>();
  /** Values in other storage orders, by name and order: each transposition is appended once. */
  private readonly reordered = new Map<string, string>();
  /** Named relations between values, for example from a pooling output to the positions of its maxima. */
  private readonly notes = new Map<string, string>();

  constructor(readonly target: Target) {}

  enterLayer(name: string): void {
    this.graph.scope = name;
  }

  /** A value of the graph; stored as TensorFlow.js sees it where no order is given. */
  value(
    name: string,
    shape: readonly number[],
    options: Partial<Pick<Value, 'type' | 'order' | 'uniform'>> = {},
  ): Value {
    const value: Value = { name, shape, type: 'float32', order: naturalOrder(shape.length), ...options };
    if (value.uniform === undefined) this.graph.declare(name, value.type, physicalShape(value));
    return value;
  }

  /** A constant whose elements are all the same. */
  uniform(number: number, shape: readonly number[], type: 'float32' | 'int32'): Value {
    const name = type === 'float32' ? this.graph.floats([number], []) : this.graph.int32s([number], []);
    return this.value(name, shape, { type, uniform: number });
  }

  /** The name of the value stored in `order`; a uniform value is spread out to its shape. */
  stored(value: Value, order: Order = value.order): string {
    const key = `${value.name}:${value.uniform === undefined ? value.order : value.shape}:${order}`;
    const known = this.reordered.get(key);
    if (known !== undefined) return known;
    const name = this.store(value, order);
    if (name !== value.name)
      this.graph.declare(name, value.type, physicalShape({ shape: value.shape, order }));
    this.reordered.set(key, name);
    return name;
  }

  private store(value: Value, order: Order): string {
    const target = physicalShape({ shape: value.shape, order });
    if (value.uniform !== undefined) {
      return value.shape.length === 0
        ? value.name
        : this.graph.node('Expand', [value.name, this.graph.int64s(target)]);
    }
    if (sameOrder(value.order, order)) return value.name;
    // Moving axes of size 1 about moves no data.
    const long = (axes: Order) => axes.filter((axis) => value.shape[axis] !== 1);
    if (sameOrder(long(value.order), long(order))) {
      return this.graph.node('Reshape', [value.name, this.graph.int64s(target)]);
    }
    return this.graph.node('Transpose', [value.name], {
      perm: order.map((axis) => value.order.indexOf(axis)),
    });
  }

  /** The name of the value stored as TensorFlow.js sees it. */
  natural(value: Value): string {
    return this.stored(value, naturalOrder(value.shape.length));
  }

  note(relation: string, of: string, is: string): void {
    this.notes.set(`${relation}:${of}`, is);
  }

  noted(relation: string, of: string): string | undefined {
    return this.notes.get(`${relation}:${of}`);
  }
}
