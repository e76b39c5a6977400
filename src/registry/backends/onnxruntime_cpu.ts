import type { CompiledBackend } from './backend.js';

export const onnxruntimeCpu: CompiledBackend = {
  kind: 'compiled',
  description: 'the compiled step on ONNX Runtime, CPU provider',
  executionProviders: ['cpu'],
};
