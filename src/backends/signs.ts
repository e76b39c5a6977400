import type { Diagnosis } from './diagnosis.js';
import { describeLibrary, install } from './libraries.js';
import type { System } from './system.js';

/** What explains a sign: the system, and the command that installs the backend's package again (null: there is none). */
export interface Facts {
  readonly system: System;
  readonly reinstall: string | null;
}

/** A text that Node.js, the dynamic linker, CUDA, ONNX Runtime or TensorFlow prints, and what it means. */
export interface Sign {
  readonly pattern: RegExp;
  readonly explain: (match: RegExpExecArray, facts: Facts) => Diagnosis;
}

export const NO_CUDA_PROVIDER = "ONNX Runtime's CUDA provider is not installed";
export const NO_CUDA_GPU = 'no CUDA GPU is visible';

/** The special before the general. */
export const SIGNS: readonly Sign[] = [
  {
    pattern: /NODE_MODULE_VERSION (\d+)/,
    explain: ([, abi], { system: { node, node_abi }, reinstall }) => ({
      cause: `its native part is built for Node.js ABI ${abi}; this Node.js ${node} has ABI ${node_abi}`,
      mend: reinstall,
    }),
  },
  {
    pattern:
      /(?<=^|: )(\/[^:]*onnxruntime-node)\/bin\/[^:]*\/(libonnxruntime_providers_\w+\.so): cannot open shared object file/,
    explain: ([, folder, file]) => ({
      cause: `${NO_CUDA_PROVIDER} (${file} is missing)`,
      mend: `node ${/\s/.test(folder!) ? `"${folder}/script/install.js"` : `${folder}/script/install.js`} --onnxruntime-node-install=cuda12`,
    }),
  },
  {
    pattern: /([^\s/'":]+\.so[.\d]*): cannot open shared object file/,
    explain: ([, file], { system }) => missingLibrary(file!, system),
  },
  {
    pattern: /Library not loaded: \S*?([^\s/]+)$/m,
    explain: ([, file], { system }) => missingLibrary(file!, system),
  },
  {
    pattern: /cuDNN (?:is not available|library was not found)/,
    explain: (_, { system }) => missingLibrary('libcudnn.so.9', system),
  },
  {
    pattern: /Error loading shared library ([^\s:]+)/,
    explain: ([, file]) => ({
      cause: `shared library ${file} is missing: its native part is made for glibc, and this system has another C library`,
      mend: 'docker run -it --rm -v "$PWD:/app" -w /app node:22 bash',
    }),
  },
  {
    pattern: /version [`'"]((?:GLIBC(?:XX)?|CXXABI)_[\d.]+)' not found/,
    explain: ([, wanted], { system: { libc, platform } }) => ({
      cause: `its native part wants ${wanted}; this system has ${libc ?? platform}, which is older`,
      mend: 'docker run -it --rm -v "$PWD:/app" -w /app node:22-trixie bash',
    }),
  },
  {
    pattern:
      /invalid ELF header|wrong ELF class|file too short|not a valid Win32 application|not a mach-o file|incompatible architecture/i,
    explain: ([found], { system: { platform }, reinstall }) => ({
      cause: `its native part is damaged or made for another platform than ${platform} (${found})`,
      mend: reinstall,
    }),
  },
  {
    pattern: /undefined symbol: (\w+)/,
    explain: ([, symbol], { reinstall }) => ({
      cause: `its native part does not fit the library that it calls (no symbol ${symbol})`,
      mend: reinstall,
    }),
  },
  {
    pattern: /The specified module could not be found/,
    explain: () => ({
      cause: 'a DLL is missing, most likely of the Visual C++ runtime',
      mend: 'winget install Microsoft.VCRedist.2015+.x64',
    }),
  },
  {
    pattern: /driver version is insufficient|cudaErrorInsufficientDriver|CUDA failure 35\b/,
    explain: (_, { system }) => ({
      cause: `the NVIDIA driver${found(system.gpus[0]?.driver)} is too old for ${newestCuda(system)}`,
      mend: installPackage(system, 'cuda-drivers'),
    }),
  },
  {
    pattern: /Driver\/library version mismatch|SYSTEM_DRIVER_MISMATCH/,
    explain: () => ({
      cause: 'the NVIDIA driver was updated: the kernel still has the old one',
      mend: 'sudo reboot',
    }),
  },
  {
    pattern: /runtime cuDNN library: ([\d.]*\d).*?compiled with:? ([\d.]*\d)/is,
    explain: ([, actual, wanted], { system }) => ({
      cause: `cuDNN ${wanted} is wanted, ${actual} is found`,
      mend: describeLibrary(`libcudnn.so.${wanted}`, system).install,
    }),
  },
  {
    pattern: /CUDNN_STATUS_(?:SUBLIBRARY_)?VERSION_MISMATCH/,
    explain: (_, { system }) => ({
      cause: `the libraries of cuDNN are of several versions${found(librariesOf(system, 'libcudnn'))}`,
      mend: describeLibrary('libcudnn.so.9', system).install,
    }),
  },
  {
    pattern:
      /no CUDA-capable device|CUDA_ERROR_NO_DEVICE|CUDA failure 100\b|cudaErrorNoDevice|failed call to cuInit/,
    explain: (_, { system: { gpu_problem } }) => ({
      cause: `${NO_CUDA_GPU} (${gpu_problem ?? 'CUDA_VISIBLE_DEVICES may hide it'})`,
      mend: null,
    }),
  },
  {
    pattern: /Failed to get a WebGPU adapter|No supported adapters/,
    explain: (_, { system }) => noAdapter(system),
  },
  {
    pattern: /\[(\w+)\] backend not found/,
    explain: ([, provider], { system: { platform } }) => ({
      cause: `onnxruntime-node has no provider ${provider} for ${platform}`,
      mend: null,
    }),
  },
  {
    pattern:
      /tfjs_binding\.node\) can ?not be found|TAR_BAD_ARCHIVE|\b(?:ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET)\b/,
    explain: (_, { reinstall }) => ({
      cause: 'it is installed without its native part: its download was refused or left out',
      mend: reinstall,
    }),
  },
  {
    pattern: /Cannot find (?:module|package) '((?:@[\w.-]+\/)?[\w.-]+)'/,
    explain: ([, name], { reinstall }) => ({ cause: `${name} is not installed`, mend: reinstall }),
  },
  {
    pattern: /Cannot find module '[^']*node_modules\/((?:@[^'/]+\/)?[^'/]+)/,
    explain: (_, { reinstall }) => ({ cause: 'a file of its package is missing', mend: reinstall }),
  },
];

function missingLibrary(file: string, system: System): Diagnosis {
  const { part, install: command } = describeLibrary(file, system);
  const others = librariesOf(system, file.replace(/\.so.*/, '.so'));
  return {
    cause: `shared library ${file}${part ? ` (${part})` : ''} is missing${others ? `; found: ${others}` : ''}`,
    mend: command,
  };
}

function noAdapter(system: System): Diagnosis {
  const { loader, drivers } = system.vulkan;
  if (!system.platform.startsWith('linux')) {
    return { cause: 'no GPU with a Direct3D 12 or Metal driver is visible (no WebGPU adapter)', mend: null };
  }
  if (!loader) return missingLibrary('libvulkan.so.1', system);
  if (drivers.length > 0) {
    return { cause: `none of the Vulkan drivers serves WebGPU (${drivers.join(', ')})`, mend: null };
  }
  return {
    cause: 'there is a Vulkan loader, but no Vulkan driver',
    mend: installPackage(system, 'mesa-vulkan-drivers'),
  };
}

function installPackage({ installer }: System, name: string): string | null {
  return installer && install(installer, name);
}

/** Installed libraries that begin so, or nothing. */
function librariesOf({ cuda_libraries }: System, start: string): string {
  return cuda_libraries.filter((name) => name.startsWith(start)).join(', ');
}

function newestCuda({ cuda_libraries }: System): string {
  const versions = cuda_libraries.flatMap((name) => /^libcudart\.so\.(\d+)/.exec(name)?.[1] ?? []);
  return versions.length === 0 ? 'this CUDA' : `CUDA ${Math.max(...versions.map(Number))}`;
}

function found(what: string | undefined): string {
  return what ? ` (found: ${what})` : '';
}
