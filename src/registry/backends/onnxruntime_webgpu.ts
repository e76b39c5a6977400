import type { DeviceBackend } from './backend.js';

export const onnxruntimeWebgpu: DeviceBackend = {
  kind: 'device',
  description:
    'the compiled step on ONNX Runtime, WebGPU provider: any GPU with Vulkan, Direct3D 12 or Metal',
  executionProvider: 'webgpu',
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
