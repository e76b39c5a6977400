import type { DeviceBackend } from './backend.js';

export const onnxruntimeWebgpu: DeviceBackend = {
  kind: 'device',
  description:
    'the compiled step on ONNX Runtime, WebGPU provider: any GPU with Vulkan, Direct3D 12 or Metal',
  // In its own layout, NHWC, the provider of 1.30 computes convolutions wrongly whose input channels are divisible by 3
  // but not by 4 while their output channels are by 4 (microsoft/onnxruntime#29651 may be the same).
  executionProvider: { name: 'webgpu', preferredLayout: 'NCHW' },
  keepsState: true,
  diagnose: (report) => {
    if (/libvulkan\.so/.test(report)) {
      return {
        cause: 'the Vulkan loader libvulkan.so.1 is missing',
        hint: 'Install it: sudo apt-get install libvulkan1 mesa-vulkan-drivers',
      };
    }
    if (/Failed to get a WebGPU adapter|No supported adapters/.test(report)) {
      return {
        cause: 'no GPU with a Vulkan, Direct3D 12 or Metal driver is visible (no WebGPU adapter)',
        hint: "Install the GPU's driver, on Linux for AMD and Intel: sudo apt-get install mesa-vulkan-drivers",
      };
    }
    return null;
  },
};
