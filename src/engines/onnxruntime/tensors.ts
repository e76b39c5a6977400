import type { View } from '../../tracing/view.js';
import * as ort from './onnxruntime.js';

const tensors = new WeakMap<View, ort.Tensor>();

/** A view as ONNX Runtime takes it: the same object for the same view, so that a step makes few. */
export function tensorOf(view: View): ort.Tensor {
  let tensor = tensors.get(view);
  if (!tensor) {
    tensor = new ort.Tensor(view.type, view.data, view.shape);
    tensors.set(view, tensor);
  }
  return tensor;
}
