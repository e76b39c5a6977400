import { isCounter, type StateTensor } from '../storage/safetensors.js';
import type { View, Views } from '../tracing/view.js';

/** Tensors of a state dict as graphs read them: float32 in their own memory, counters as copies in int32. */
export function stateViews(tensors: ReadonlyMap<string, StateTensor>): Views {
  return new Map(
    [...tensors].map(([name, tensor]): [string, View] => [
      name,
      isCounter(tensor)
        ? { type: 'int32', shape: tensor.shape, data: Int32Array.from(tensor.data, Number) }
        : { type: 'float32', shape: tensor.shape, data: tensor.data },
    ]),
  );
}

/** The way back; float32 tensors share the views' memory. */
export function fromViews(views: Views): Map<string, StateTensor> {
  return new Map(
    [...views].map(([name, { type, shape, data }]): [string, StateTensor] => [
      name,
      type === 'int32'
        ? { shape, data: BigInt64Array.from(data as Int32Array, BigInt) }
        : { shape, data: data as Float32Array },
    ]),
  );
}
