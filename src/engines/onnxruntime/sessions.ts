import * as ort from './onnxruntime.js';

/** A session of ONNX Runtime with what all of gnet's have in common. */
export function openSession(
  model: Uint8Array,
  options: ort.InferenceSession.SessionOptions,
): Promise<ort.InferenceSession> {
  return ort.InferenceSession.create(model, {
    graphOptimizationLevel: 'all',
    // Unused parameter inputs are meant to be there; below 3 (errors) each would be reported.
    logSeverityLevel: 3,
    ...options,
  });
}
