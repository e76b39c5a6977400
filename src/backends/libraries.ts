import type { Installer, System } from './system.js';

/** A shared library: what it belongs to, and the package that has it. */
interface Library {
  readonly pattern: RegExp;
  /** Such as "CUDA 12"; $n as in `pattern`. */
  readonly part: string;
  /** Package names, with $n as in `pattern`; those of CUDA and the driver are in NVIDIA's repository. */
  readonly packages: Readonly<Record<Installer['tool'], string>>;
}

const same = (name: string) => ({ 'apt-get': name, dnf: name });

/** https://docs.nvidia.com/cuda/cuda-installation-guide-linux (meta packages), .../cudnn/installation/backend/linux */
const LIBRARIES: readonly Library[] = [
  {
    pattern: /^libvulkan\.so/,
    part: 'the Vulkan loader',
    // A loader alone finds no GPU; NVIDIA's driver brings its own for Vulkan.
    packages: {
      'apt-get': 'libvulkan1 mesa-vulkan-drivers',
      dnf: 'vulkan-loader mesa-vulkan-drivers',
    },
  },
  { pattern: /^lib(?:cuda|nvidia-\w+)\.so/, part: "NVIDIA's driver", packages: same('cuda-drivers') },
  // tfjs-node-gpu wants CUDA 11.2; 11.8 has the same interfaces.
  {
    pattern: /^lib(?:cudart|cublas|cublasLt|nvrtc|cupti|cusparse)\.so\.11/,
    part: 'CUDA 11',
    packages: same('cuda-toolkit-11-8'),
  },
  {
    pattern: /^lib(?:cudart|cublas|cublasLt|nvrtc|cupti|nvJitLink)\.so\.(\d+)/,
    part: 'CUDA $1',
    packages: same('cuda-toolkit-$1'),
  },
  { pattern: /^libcufft\.so\.10/, part: 'CUDA 11', packages: same('cuda-toolkit-11-8') },
  { pattern: /^libcu(?:fft\.so\.11|sparse\.so\.12)/, part: 'CUDA 12', packages: same('cuda-toolkit-12') },
  { pattern: /^libcu(?:fft|rand|solver|sparse)\.so/, part: 'CUDA', packages: same('cuda-toolkit-12') },
  { pattern: /^libcudnn\w*\.so\.8/, part: 'cuDNN 8', packages: same('libcudnn8') },
  { pattern: /^libcudnn\w*\.so\.(\d+)/, part: 'cuDNN $1', packages: same('libcudnn$1-cuda-12') },
  {
    pattern: /^libstdc\+\+\.so/,
    part: 'the C++ runtime',
    packages: { 'apt-get': 'libstdc++6', dnf: 'libstdc++' },
  },
  {
    pattern: /^libgomp\.so/,
    part: 'the OpenMP runtime',
    packages: { 'apt-get': 'libgomp1', dnf: 'libgomp' },
  },
];

/** What a library is part of, such as "CUDA 12", and the command that installs it; null for what is not known. */
export function describeLibrary(
  file: string,
  { installer }: Pick<System, 'installer'>,
): { part: string | null; install: string | null } {
  for (const { pattern, part, packages } of LIBRARIES) {
    const match = pattern.exec(file);
    if (!match) continue;
    const filled = (text: string) => text.replace('$1', match[1] ?? '');
    return { part: filled(part), install: installer && install(installer, filled(packages[installer.tool])) };
  }
  return { part: null, install: null };
}

export function install({ tool, sudo }: Installer, name: string): string {
  return `${sudo ? 'sudo ' : ''}${tool} install ${name}`;
}
