// The one way to ONNX Runtime. Modules are evaluated in the order of their imports: it is loaded last.
import './no_telemetry.js';

export * from 'onnxruntime-node';
