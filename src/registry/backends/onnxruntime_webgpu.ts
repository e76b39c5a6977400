import type { DeviceBackend } from './backend.js';

export const onnxruntimeWebgpu: DeviceBackend = {
  kind: 'device',
  description:
    'the compiled step on ONNX Runtime, WebGPU provider: any GPU with Vulkan, Direct3D 12 or Metal',
  // In its own layout, NHWC, the provider of 1.30 computes convolutions wrongly whose input channels are divisible by 3
  // but not by 4 while their output channels are by 4 (microsoft/onnxruntime#29651 may be the same).
  executionProvider: { name: 'webgpu', preferredLayout: 'NCHW' },
  keepsState: true,
};
