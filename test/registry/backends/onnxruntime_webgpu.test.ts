import { describe, expect, it } from 'vitest';
import { onnxruntimeWebgpu } from '../../../src/registry/backends/onnxruntime_webgpu.js';

/** As ONNX Runtime 1.30 says it. */
const NO_ADAPTER =
  'WebGpuContext::Initialize adapter_result.status == wgpu::RequestAdapterStatus::Success was false. Failed to get a WebGPU adapter: No supported adapters\n';

describe('what is missing for WebGPU', () => {
  it.each([
    [
      'the loader',
      "Warning: Couldn't load Vulkan: libvulkan.so.1: cannot open shared object file: No such file or directory\n",
      'the Vulkan loader libvulkan.so.1 is missing',
      'libvulkan1',
    ],
    [
      'a driver',
      'Warning: vkCreateInstance: Found no drivers!\n',
      'no WebGPU adapter',
      'mesa-vulkan-drivers',
    ],
    ['an adapter', '', 'no WebGPU adapter', 'mesa-vulkan-drivers'],
  ])('%s', (_, warning, cause, packageName) => {
    expect(onnxruntimeWebgpu.diagnose(warning + NO_ADAPTER)).toEqual({
      cause: expect.stringContaining(cause),
      hint: expect.stringMatching(new RegExp(`sudo apt-get install .*${packageName}`)),
    });
  });

  it('anything else is left to what the provider says', () => {
    expect(onnxruntimeWebgpu.diagnose('Device lost')).toBeNull();
  });
});
