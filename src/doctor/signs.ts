import { describeLibrary, install } from './libraries.js';
import type { Machine } from './machine.js';

/** Why a backend cannot be used, and the one command that mends it; null where no command does. */
export interface Diagnosis {
  readonly cause: string;
  readonly mend: string | null;
}

/** A text that Node.js, the dynamic linker, CUDA, ONNX Runtime or TensorFlow prints, and what it means. */
export interface Sign {
  readonly pattern: RegExp;
  readonly explain: (match: RegExpExecArray, machine: Machine, text: string) => Diagnosis;
}

/** The special before the general. */
export const SIGNS: readonly Sign[] = [
  {
    pattern: /NODE_MODULE_VERSION (\d+)/,
    explain: ([, abi], { node, node_abi }, text) => ({
      cause: `its native part is built for Node.js ABI ${abi}; this Node.js ${node} has ABI ${node_abi}`,
      mend: reinstall(text),
    }),
  },
  {
    pattern:
      /(\S*onnxruntime-node)\/bin\/\S*\/(libonnxruntime_providers_\w+\.so): cannot open shared object file/,
    explain: ([, folder, file]) => ({
      cause: `shared library ${file} is missing: onnxruntime-node's CUDA provider is a download of its own`,
      mend: `ONNXRUNTIME_NODE_INSTALL=cuda12 node ${folder}/script/install.js`,
    }),
  },
  {
    pattern: /([^\s/'":]+\.so[.\d]*): cannot open shared object file/,
    explain: ([, file], machine) => missingLibrary(file!, machine),
  },
  {
    pattern: /Error loading shared library ([^\s:]+)/,
    explain: ([, file]) => ({
      cause: `shared library ${file} is missing: its native part is made for glibc, and this system has another C library`,
      mend: 'docker run -it --rm -v "$PWD:/work" -w /work node:22 bash',
    }),
  },
  {
    pattern: /version [`'"](GLIBC(?:XX)?_[\d.]+)' not found/,
    explain: ([, wanted], { libc, platform }) => ({
      cause: `its native part wants ${wanted}; this system has ${libc ?? platform}, which is older`,
      mend: 'docker run -it --rm -v "$PWD:/work" -w /work node:22-trixie bash',
    }),
  },
  {
    pattern:
      /invalid ELF header|wrong ELF class|file too short|not a valid Win32 application|not a mach-o file|incompatible architecture/i,
    explain: ([found], { platform }, text) => ({
      cause: `its native part is damaged or made for another platform than ${platform} (${found})`,
      mend: reinstall(text),
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
    explain: (_, machine) => ({
      cause: `the NVIDIA driver${found(machine.gpus[0]?.driver)} is too old for ${newestCuda(machine)}`,
      mend: installPackage(machine, 'cuda-drivers'),
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
    explain: ([, actual, wanted], machine) => ({
      cause: `cuDNN ${wanted} is wanted, ${actual} is found`,
      mend: describeLibrary(`libcudnn.so.${wanted}`, machine).install,
    }),
  },
  {
    pattern: /CUDNN_STATUS_(?:SUBLIBRARY_)?VERSION_MISMATCH/,
    explain: (_, machine) => ({
      cause: `the libraries of cuDNN are of several versions${found(librariesOf(machine, 'libcudnn'))}`,
      mend: describeLibrary('libcudnn.so.9', machine).install,
    }),
  },
  {
    pattern:
      /no CUDA-capable device|CUDA_ERROR_NO_DEVICE|CUDA failure 100\b|cudaErrorNoDevice|failed call to cuInit/,
    explain: (_, { gpu_problem }) => ({
      cause: `no CUDA GPU is visible (${gpu_problem ?? 'CUDA_VISIBLE_DEVICES may hide it'})`,
      mend: null,
    }),
  },
  {
    pattern: /Failed to get a WebGPU adapter|No supported adapters/,
    explain: (_, machine) => noAdapter(machine),
  },
  {
    pattern: /\[(\w+)\] backend not found/,
    explain: ([, provider], { platform }) => ({
      cause: `onnxruntime-node has no provider ${provider} for ${platform}`,
      mend: null,
    }),
  },
  {
    pattern:
      /tfjs_binding\.node\) can ?not be found|TAR_BAD_ARCHIVE|\b(?:ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET)\b/,
    explain: (_, __, text) => ({
      cause: 'it is installed without its native part: its download was refused or left out',
      mend: reinstall(text),
    }),
  },
  {
    pattern: /Cannot find (?:module|package) '((?:@[\w.-]+\/)?[\w.-]+)'/,
    explain: ([, name]) => ({ cause: `${name} is not installed`, mend: `npm install ${name}` }),
  },
  {
    pattern: /Cannot find module '[^']*node_modules\/((?:@[^'/]+\/)?[^'/]+)/,
    explain: (_, __, text) => ({ cause: 'a file of its package is missing', mend: reinstall(text) }),
  },
];

function missingLibrary(file: string, machine: Machine): Diagnosis {
  const { part, install: command } = describeLibrary(file, machine);
  const others = librariesOf(machine, file.replace(/\.so.*/, '.so'));
  return {
    cause: `shared library ${file}${part ? ` (${part})` : ''} is missing${others ? `; found: ${others}` : ''}`,
    mend: command,
  };
}

function noAdapter(machine: Machine): Diagnosis {
  const { loader, drivers } = machine.vulkan;
  if (!loader && machine.platform.startsWith('linux')) return missingLibrary('libvulkan.so.1', machine);
  if (drivers.length > 0) {
    return { cause: `none of the Vulkan drivers serves WebGPU (${drivers.join(', ')})`, mend: null };
  }
  return {
    cause: 'there is a Vulkan loader, but no Vulkan driver',
    mend: installPackage(machine, 'mesa-vulkan-drivers'),
  };
}

function installPackage({ installer }: Machine, name: string): string | null {
  return installer && install(installer, name);
}

/** Installed libraries that begin so, or nothing. */
function librariesOf({ cuda_libraries }: Machine, start: string): string {
  return cuda_libraries.filter((name) => name.startsWith(start)).join(', ');
}

function newestCuda({ cuda_libraries }: Machine): string {
  const versions = cuda_libraries.flatMap((name) => /^libcudart\.so\.(\d+)/.exec(name)?.[1] ?? []);
  return versions.length === 0 ? 'this CUDA' : `CUDA ${Math.max(...versions.map(Number))}`;
}

function found(what: string | undefined): string {
  return what ? ` (found: ${what})` : '';
}

/** gnet's own dependencies come back with npm ci, which removes everything else. */
function reinstall(text: string): string {
  const names = [...text.matchAll(/node_modules\/((?:@[^/\s'"]+\/)?[^/\s'":]+)/g)].map(([, name]) => name!);
  const name = names.at(-1) ?? /'?(@tensorflow\/tfjs-node(?:-gpu)?)/.exec(text)?.[1];
  return name?.startsWith('@tensorflow/tfjs-node') ? `npm rebuild ${name}` : 'npm ci';
}
