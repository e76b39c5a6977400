import { describe, expect, test } from 'vitest';
import { diagnose } from '../../src/doctor/diagnose.js';
import type { Machine } from '../../src/doctor/machine.js';
import type { ProbeFailure } from '../../src/doctor/protocol.js';
import { machine } from '../helpers/machine.js';

const GPU = { name: 'NVIDIA T4', driver: '470.82.01', memory_bytes: 16e9, free_bytes: 15e9 };

function failure(changes: Partial<ProbeFailure>): ProbeFailure {
  return { during: 'load', ended: { how: 'error' }, error: null, stderr: '', ...changes };
}

const thrown = (message: string, stderr = '') => failure({ error: { message, hint: null }, stderr });

describe('what libraries and loaders print', () => {
  test.each<[string, ProbeFailure, Partial<Machine>, string, string | null]>([
    [
      'an addon of another Node.js',
      thrown(
        "The module '/app/node_modules/@tensorflow/tfjs-node/lib/napi-v8/tfjs_binding.node'\nwas compiled against a different Node.js version using\nNODE_MODULE_VERSION 108. This version of Node.js requires\nNODE_MODULE_VERSION 115. Please try re-compiling or re-installing\nthe module",
      ),
      {},
      'its native part is built for Node.js ABI 108; this Node.js v20.20.2 has ABI 115',
      'npm rebuild @tensorflow/tfjs-node',
    ],
    [
      'ONNX Runtime without its CUDA provider',
      thrown(
        'OrtSessionOptionsAppendExecutionProvider_Cuda: Failed to load shared library',
        '[E:onnxruntime:onnxruntime-node, provider_bridge_ort.cc:2146 Create] Failed to load library /app/node_modules/onnxruntime-node/bin/napi-v6/linux/x64/libonnxruntime_providers_shared.so with error: /app/node_modules/onnxruntime-node/bin/napi-v6/linux/x64/libonnxruntime_providers_shared.so: cannot open shared object file: No such file or directory',
      ),
      {},
      "shared library libonnxruntime_providers_shared.so is missing: onnxruntime-node's CUDA provider is a download of its own",
      'ONNXRUNTIME_NODE_INSTALL=cuda12 node /app/node_modules/onnxruntime-node/script/install.js',
    ],
    [
      'the CUDA provider without CUDA, where an older CUDA is installed',
      thrown(
        'Failed to load shared library',
        'Failed to load library /app/node_modules/onnxruntime-node/bin/napi-v6/linux/x64/libonnxruntime_providers_cuda.so with error: libcudart.so.12: cannot open shared object file: No such file or directory',
      ),
      { cuda_libraries: ['libcudart.so.11.0', 'libcudnn.so.8'] },
      'shared library libcudart.so.12 (CUDA 12) is missing; found: libcudart.so.11.0',
      'sudo apt-get install cuda-toolkit-12',
    ],
    [
      'TensorFlow 2.9 without CUDA 11',
      thrown(
        'TensorFlow finds no GPU',
        "W tensorflow/dso_loader.cc:64] Could not load dynamic library 'libcublas.so.11'; dlerror: libcublas.so.11: cannot open shared object file: No such file or directory",
      ),
      { installer: { tool: 'dnf', sudo: false } },
      'shared library libcublas.so.11 (CUDA 11) is missing',
      'dnf install cuda-toolkit-11-8',
    ],
    [
      'cuDNN of another version',
      thrown('libcudnn.so.9: cannot open shared object file: No such file or directory'),
      { cuda_libraries: ['libcudart.so.12', 'libcudnn.so.8'] },
      'shared library libcudnn.so.9 (cuDNN 9) is missing; found: libcudnn.so.8',
      'sudo apt-get install libcudnn9-cuda-12',
    ],
    [
      'no driver',
      thrown('libcuda.so.1: cannot open shared object file: No such file or directory'),
      {},
      "shared library libcuda.so.1 (NVIDIA's driver) is missing",
      'sudo apt-get install cuda-drivers',
    ],
    [
      'a library that nobody knows, on a system without a known installer',
      thrown('/app/x.node: libfoo++.so.3.1: cannot open shared object file: No such file or directory'),
      { installer: null },
      'shared library libfoo++.so.3.1 is missing',
      null,
    ],
    [
      'musl',
      thrown(
        'Error loading shared library ld-linux-x86-64.so.2: No such file or directory (needed by x.node)',
      ),
      { libc: null },
      'shared library ld-linux-x86-64.so.2 is missing: its native part is made for glibc, and this system has another C library',
      'docker run -it --rm -v "$PWD:/work" -w /work node:22 bash',
    ],
    [
      'an older glibc',
      thrown(
        "/lib/x86_64-linux-gnu/libc.so.6: version `GLIBC_2.38' not found (required by libonnxruntime.so.1)",
      ),
      {},
      'its native part wants GLIBC_2.38; this system has glibc 2.36, which is older',
      'docker run -it --rm -v "$PWD:/work" -w /work node:22-trixie bash',
    ],
    [
      'a file that is no library',
      thrown(
        '/app/node_modules/onnxruntime-node/bin/napi-v6/linux/x64/onnxruntime_binding.node: invalid ELF header',
      ),
      {},
      'its native part is damaged or made for another platform than linux 6.1.0 x64 (invalid ELF header)',
      'npm ci',
    ],
    [
      'Windows without the C++ runtime',
      thrown('The specified module could not be found.\n\\\\?\\C:\\gnet\\onnxruntime_binding.node'),
      {},
      'a DLL is missing, most likely of the Visual C++ runtime',
      'winget install Microsoft.VCRedist.2015+.x64',
    ],
    [
      'a driver older than CUDA',
      thrown('CUDA failure 35: CUDA driver version is insufficient for CUDA runtime version ; GPU=0'),
      { gpus: [GPU], gpu_problem: null, cuda_libraries: ['libcudart.so.11.0', 'libcudart.so.12'] },
      'the NVIDIA driver (found: 470.82.01) is too old for CUDA 12',
      'sudo apt-get install cuda-drivers',
    ],
    [
      'a driver that was updated',
      thrown('Failed to initialize NVML: Driver/library version mismatch'),
      {},
      'the NVIDIA driver was updated: the kernel still has the old one',
      'sudo reboot',
    ],
    [
      'TensorFlow with an older cuDNN',
      thrown(
        'DNN library is not found',
        'E cuda_dnn.cc:447] Loaded runtime CuDNN library: 8.7.0 but source was compiled with: 8.9.4.  CuDNN library needs to have matching major version',
      ),
      {},
      'cuDNN 8.9.4 is wanted, 8.7.0 is found',
      'sudo apt-get install libcudnn8',
    ],
    [
      'a mixture of cuDNN',
      thrown('CUDNN failure 1003: CUDNN_STATUS_SUBLIBRARY_VERSION_MISMATCH ; GPU=0'),
      { cuda_libraries: ['libcudart.so.12', 'libcudnn.so.8', 'libcudnn.so.9'] },
      'the libraries of cuDNN are of several versions (found: libcudnn.so.8, libcudnn.so.9)',
      'sudo apt-get install libcudnn9-cuda-12',
    ],
    [
      'no GPU',
      thrown('CUDA failure 100: no CUDA-capable device is detected'),
      {},
      'no CUDA GPU is visible (nvidia-smi is not installed)',
      null,
    ],
    [
      'a GPU that is hidden',
      thrown('no GPU', 'failed call to cuInit: CUDA_ERROR_NO_DEVICE: no CUDA-capable device is detected'),
      { gpus: [GPU], gpu_problem: null },
      'no CUDA GPU is visible (CUDA_VISIBLE_DEVICES may hide it)',
      null,
    ],
    [
      'no Vulkan loader',
      thrown('webgpu_context.cc:136 Failed to get a WebGPU adapter: No supported adapters'),
      {},
      'shared library libvulkan.so.1 (the Vulkan loader) is missing',
      'sudo apt-get install libvulkan1',
    ],
    [
      'a Vulkan loader without drivers',
      thrown('Failed to get a WebGPU adapter: No supported adapters', 'vkCreateInstance: Found no drivers!'),
      { vulkan: { loader: true, drivers: [] } },
      'there is a Vulkan loader, but no Vulkan driver',
      'sudo apt-get install mesa-vulkan-drivers',
    ],
    [
      'Vulkan drivers that are too simple',
      thrown('Failed to get a WebGPU adapter: No supported adapters'),
      { vulkan: { loader: true, drivers: ['lvp'] } },
      'none of the Vulkan drivers serves WebGPU (lvp)',
      null,
    ],
    [
      'a provider that the package does not have',
      thrown('no available backend found. ERR: [coreml] backend not found.'),
      {},
      'onnxruntime-node has no provider coreml for linux 6.1.0 x64',
      null,
    ],
    [
      'a download that was refused',
      thrown(
        "The Node.js native addon module (tfjs_binding.node) can not be found at path: /app/node_modules/@tensorflow/tfjs-node-gpu/lib/napi-v8/tfjs_binding.node. \nPlease run command 'npm rebuild @tensorflow/tfjs-node-gpu --build-addon-from-source'",
      ),
      {},
      'it is installed without its native part: its download was refused or left out',
      'npm rebuild @tensorflow/tfjs-node-gpu',
    ],
    [
      'a package that is not installed',
      thrown("Cannot find module '@tensorflow/tfjs-node'\nRequire stack:\n- /app/dist/x.js"),
      {},
      '@tensorflow/tfjs-node is not installed',
      'npm install @tensorflow/tfjs-node',
    ],
    [
      'a package with a hole',
      thrown("Cannot find module '/app/node_modules/onnxruntime-node/dist/index.js'"),
      {},
      'a file of its package is missing',
      'npm ci',
    ],
    ['anything else', thrown('\nit is Tuesday\nand raining'), {}, 'it is Tuesday', null],
  ])('%s', (_, failed, changes, cause, mend) => {
    expect(diagnose(failed, machine(changes))).toEqual({ cause, mend });
  });

  test('the error counts before what was only printed', () => {
    const failed = thrown(
      'no CUDA-capable device is detected',
      'libcudart.so.12: cannot open shared object file',
    );
    expect(diagnose(failed, machine()).cause).toMatch(/^no CUDA GPU is visible/);
  });
});

describe('what a backend says itself is repeated', () => {
  const said = (hint: string) =>
    diagnose(
      failure({
        error: {
          message: 'backend: x does not load: libcuda.so.1: cannot open shared object file\nmore',
          hint,
        },
      }),
      machine(),
    );

  test.each([
    ['Run "gnet backend install x --gpu", or take "--backend wasm".', 'gnet backend install x --gpu'],
    ['Get it: sudo apt-get install x=1.2\nOr take "--backend wasm".', 'sudo apt-get install x=1.2'],
    ['See what the driver says: nvidia-smi.', 'nvidia-smi'],
  ])('with the command in its hint: %s', (hint, mend) => {
    expect(said(hint)).toEqual({
      cause: 'x does not load: libcuda.so.1: cannot open shared object file',
      mend,
    });
  });

  test('or the whole hint, where it has none', () => {
    const hint = 'nvidia-smi prints the version; "--backend wasm" needs none.';
    expect(said(hint).mend).toBe(hint);
    expect(said('').mend).toBeNull();
  });

  test('together with what was printed, where it names no command', () => {
    const stderr =
      "W dso_loader.cc:64] Could not load dynamic library 'libcudnn.so.9'; dlerror: libcudnn.so.9: cannot open shared object file";
    const failed = (hint: string) => failure({ error: { message: 'backend x: finds no GPU', hint }, stderr });
    expect(diagnose(failed('It is for CUDA 12.'), machine())).toEqual({
      cause: 'finds no GPU: shared library libcudnn.so.9 (cuDNN 9) is missing',
      mend: 'sudo apt-get install libcudnn9-cuda-12',
    });
    expect(diagnose(failed('Run "npm ci".'), machine())).toEqual({
      cause: 'finds no GPU',
      mend: 'npm ci',
    });
  });
});

describe('a process that ended without a word', () => {
  const ended = (
    how: ProbeFailure['ended'],
    changes: Partial<ProbeFailure> = {},
    facts: Partial<Machine> = {},
  ) => diagnose(failure({ ended: how, ...changes }), machine(facts));

  test.each<[NodeJS.Signals, Partial<Machine>, string, string | null]>([
    ['SIGSEGV', {}, 'SIGSEGV while the backend was loaded', 'npm ci'],
    [
      'SIGILL',
      { simd: ['sse2'] },
      'SIGILL while the backend was loaded: the processor (Test CPU) has no AVX',
      null,
    ],
    [
      'SIGILL',
      {},
      'SIGILL while the backend was loaded: the processor (Test CPU) lacks an instruction that its native part uses',
      null,
    ],
    ['SIGKILL', {}, 'SIGKILL while the backend was loaded: most likely the memory was used up', null],
  ])('%s', (signal, facts, cause, mend) => {
    const warning = 'libcudart.so.12: cannot open shared object file';
    const { cause: said, mend: command } = ended({ how: 'signal', signal }, { stderr: '' }, facts);
    expect({ said, command }).toEqual({ said: `its process was ended by ${cause}`, command: mend });
    // A warning from before the crash is not taken for its reason.
    expect(ended({ how: 'signal', signal }, { stderr: warning }, facts).mend).toBe(mend);
  });

  test('an abort tells why', () => {
    const stderr = "terminate called after throwing\n  what():  version `GLIBCXX_3.4.32' not found\n";
    expect(ended({ how: 'signal', signal: 'SIGABRT' }, { stderr }).cause).toContain('wants GLIBCXX_3.4.32');
    expect(ended({ how: 'signal', signal: 'SIGABRT' }, { stderr: 'a\n  b  \n\n' }).cause).toBe(
      'its process was ended by SIGABRT while the backend was loaded: b',
    );
  });

  test('an exit code, a time limit', () => {
    expect(ended({ how: 'exit', code: 7 }, { during: 'compute', stderr: 'bye' })).toEqual({
      cause: 'its process ended with exit code 7 at its first computation: bye',
      mend: null,
    });
    expect(ended({ how: 'time limit', seconds: 120 }, { during: 'kernels' })).toEqual({
      cause: "no answer within 120 s: it hangs while the model's step was tried",
      mend: null,
    });
  });
});
