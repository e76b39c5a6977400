import { describe, expect, test } from 'vitest';
import { diagnose } from '../../src/backends/diagnose.js';
import { type Failure, UnusableBackend } from '../../src/backends/diagnosis.js';
import type { System } from '../../src/backends/system.js';
import { machine } from '../helpers/machine.js';

const GPU = { name: 'NVIDIA T4', driver: '470.82.01', memory_bytes: 16e9, free_bytes: 15e9 };

function failure(changes: Partial<Failure>): Failure {
  return { during: 'load', ended: { how: 'error' }, error: null, stderr: '', ...changes };
}

const REINSTALL = 'gnet backend install tensorflow';
const facts = (changes: Partial<System> = {}) => ({ system: machine(changes), reinstall: REINSTALL });

const thrown = (message: string, stderr = '') => failure({ error: { message, diagnosis: null }, stderr });

describe('what libraries and loaders print', () => {
  test.each<[string, Failure, Partial<System>, string, string | null]>([
    [
      'an addon of another Node.js',
      thrown(
        "The module '/app/node_modules/@tensorflow/tfjs-node/lib/napi-v8/tfjs_binding.node'\nwas compiled against a different Node.js version using\nNODE_MODULE_VERSION 108. This version of Node.js requires\nNODE_MODULE_VERSION 115. Please try re-compiling or re-installing\nthe module",
      ),
      {},
      'its native part is built for Node.js ABI 108; this Node.js v20.20.2 has ABI 115',
      REINSTALL,
    ],
    [
      'ONNX Runtime without its CUDA provider',
      thrown(
        'OrtSessionOptionsAppendExecutionProvider_Cuda: Failed to load shared library',
        '[E:onnxruntime:onnxruntime-node, provider_bridge_ort.cc:2146 Create] Failed to load library /app/node_modules/onnxruntime-node/bin/napi-v6/linux/x64/libonnxruntime_providers_shared.so with error: /app/node_modules/onnxruntime-node/bin/napi-v6/linux/x64/libonnxruntime_providers_shared.so: cannot open shared object file: No such file or directory',
      ),
      {},
      "ONNX Runtime's CUDA provider is not installed (libonnxruntime_providers_shared.so is missing)",
      'node /app/node_modules/onnxruntime-node/script/install.js --onnxruntime-node-install=cuda12',
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
      'docker run -it --rm -v "$PWD:/app" -w /app node:22 bash',
    ],
    [
      'an older glibc',
      thrown(
        "/lib/x86_64-linux-gnu/libc.so.6: version `GLIBC_2.38' not found (required by libonnxruntime.so.1)",
      ),
      {},
      'its native part wants GLIBC_2.38; this system has glibc 2.36, which is older',
      'docker run -it --rm -v "$PWD:/app" -w /app node:22-trixie bash',
    ],
    [
      'a file that is no library',
      thrown(
        '/app/node_modules/onnxruntime-node/bin/napi-v6/linux/x64/onnxruntime_binding.node: invalid ELF header',
      ),
      {},
      'its native part is damaged or made for another platform than linux 6.1.0 x64 (invalid ELF header)',
      REINSTALL,
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
      'sudo apt-get install libvulkan1 mesa-vulkan-drivers',
    ],
    [
      'no Vulkan loader, as Dawn warns of it',
      thrown(
        'Failed to get a WebGPU adapter: No supported adapters',
        "Warning: Couldn't load Vulkan: libvulkan.so.1: cannot open shared object file: No such file or directory",
      ),
      { installer: { tool: 'dnf', sudo: true } },
      'shared library libvulkan.so.1 (the Vulkan loader) is missing',
      'sudo dnf install vulkan-loader mesa-vulkan-drivers',
    ],
    [
      'no adapter where there is no Vulkan',
      thrown('Failed to get a WebGPU adapter: No supported adapters'),
      { platform: 'win32 10.0.22631 x64', installer: null },
      'no GPU with a Direct3D 12 or Metal driver is visible (no WebGPU adapter)',
      null,
    ],
    [
      'no cuDNN, which is looked for at the first convolution',
      thrown('cuDNN is not available. Install cuDNN, update the system library search path'),
      {},
      'shared library libcudnn.so.9 (cuDNN 9) is missing',
      'sudo apt-get install libcudnn9-cuda-12',
    ],
    [
      'a newer CUDA',
      thrown('libcudart.so.13: cannot open shared object file: No such file or directory'),
      {},
      'shared library libcudart.so.13 (CUDA 13) is missing',
      'sudo apt-get install cuda-toolkit-13',
    ],
    [
      'a part of CUDA whose number is another',
      thrown('libcurand.so.10: cannot open shared object file: No such file or directory'),
      {},
      'shared library libcurand.so.10 (CUDA) is missing',
      'sudo apt-get install cuda-toolkit-12',
    ],
    [
      'a library that macOS does not find',
      thrown(
        'dlopen(/a/tfjs_binding.node, 0x0001): Library not loaded: @rpath/libtensorflow.2.dylib\n  Referenced from: /a',
      ),
      { installer: null },
      'shared library libtensorflow.2.dylib is missing',
      null,
    ],
    [
      'an addon that is not for its library',
      thrown('/a/tfjs_binding.node: undefined symbol: TFE_NewContext'),
      {},
      'its native part does not fit the library that it calls (no symbol TFE_NewContext)',
      REINSTALL,
    ],
    ...['wrong ELF class: ELFCLASS32', 'file too short'].map(
      (found): [string, Failure, object, string, string] => [
        found,
        thrown(`/a/tfjs_binding.node: ${found}`),
        {},
        `its native part is damaged or made for another platform than linux 6.1.0 x64 (${found.split(':')[0]})`,
        REINSTALL,
      ],
    ),
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
      REINSTALL,
    ],
    [
      'a package that is not installed',
      thrown("Cannot find module '@tensorflow/tfjs-node'\nRequire stack:\n- /app/dist/x.js"),
      {},
      '@tensorflow/tfjs-node is not installed',
      REINSTALL,
    ],
    [
      'a package with a hole',
      thrown("Cannot find module '/app/node_modules/onnxruntime-node/dist/index.js'"),
      {},
      'a file of its package is missing',
      REINSTALL,
    ],
    ['anything else', thrown('\nit is Tuesday\nand raining'), {}, 'it is Tuesday', null],
  ])('%s', (_, failed, changes, cause, mend) => {
    expect(diagnose(failed, facts(changes))).toEqual({ cause, mend });
  });

  test('the error counts before what was only printed', () => {
    const failed = thrown(
      'no CUDA-capable device is detected',
      'libcudart.so.12: cannot open shared object file',
    );
    expect(diagnose(failed, facts()).cause).toMatch(/^no CUDA GPU is visible/);
  });
});

describe('what a backend says itself', () => {
  const said = (mend: string | null, stderr = '') =>
    diagnose(
      failure({
        error: { message: 'no CUDA-capable device', diagnosis: { cause: 'finds no GPU', mend } },
        stderr,
      }),
      facts(),
    );
  const MISSING =
    "W dso_loader.cc:64] Could not load dynamic library 'libcudnn.so.9'; dlerror: libcudnn.so.9: cannot open shared object file";

  test('is repeated, whatever was printed', () => {
    expect(said('npm ci', MISSING)).toEqual({ cause: 'finds no GPU', mend: 'npm ci' });
    expect(said(null)).toEqual({ cause: 'finds no GPU', mend: null });
  });

  test('comes together with what was printed where it names no command', () => {
    expect(said(null, MISSING)).toEqual({
      cause: 'finds no GPU: shared library libcudnn.so.9 (cuDNN 9) is missing',
      mend: 'sudo apt-get install libcudnn9-cuda-12',
    });
  });
});

test('the error of a backend has the cause and the command of its diagnosis', () => {
  const error = (mend: string | null) => new UnusableBackend('x', { cause: 'it is Tuesday', mend });
  expect(error('sleep')).toMatchObject({
    message: 'backend x cannot run here: it is Tuesday',
    hint: 'Mend it: sleep\nOr take "--backend onnxruntime-cpu".',
    exitCode: 1,
  });
  expect(error(null).hint).toBe('Take "--backend onnxruntime-cpu".');
});

describe('a process that ended without a word', () => {
  const ended = (how: Failure['ended'], changes: Partial<Failure> = {}, system: Partial<System> = {}) =>
    diagnose(failure({ ended: how, ...changes }), facts(system));

  test.each<[NodeJS.Signals, Partial<System>, string, string | null]>([
    ['SIGSEGV', {}, 'SIGSEGV while the backend was loaded', REINSTALL],
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
  ])('%s', (signal, system, cause, mend) => {
    const warning = 'libcudart.so.12: cannot open shared object file';
    const { cause: said, mend: command } = ended({ how: 'signal', signal }, { stderr: '' }, system);
    expect({ said, command }).toEqual({ said: `its process was ended by ${cause}`, command: mend });
    // A warning from before the crash is not taken for its reason.
    expect(ended({ how: 'signal', signal }, { stderr: warning }, system).mend).toBe(mend);
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
