import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { cpuModel, type Gpu, nvidiaGpus, platformName, programOutput } from './hardware.js';

/** How this system installs packages. */
export interface Installer {
  readonly tool: 'apt-get' | 'dnf';
  /** Whether the user needs sudo for it. */
  readonly sudo: boolean;
}

/** What backends depend on besides their packages, and what explains their failures. */
export interface System {
  readonly node: string;
  /** NODE_MODULE_VERSION: which native addons fit. */
  readonly node_abi: string;
  readonly platform: string;
  /** "glibc 2.36"; null where there is another C library. */
  readonly libc: string | null;
  readonly cpu: string;
  /** Vector instructions that the processor has, of those that binaries may want; empty where it is not known. */
  readonly simd: readonly string[];
  readonly gpus: readonly Gpu[];
  /** Why there are none. */
  readonly gpu_problem: string | null;
  /** libvulkan.so.1, and the drivers that it finds. */
  readonly vulkan: { readonly loader: boolean; readonly drivers: readonly string[] };
  /** Installed libraries of CUDA and cuDNN, by file name. */
  readonly cuda_libraries: readonly string[];
  readonly installer: Installer | null;
}

/** Looks at the system. Whatever cannot be found out is null or empty. */
export async function examineSystem(): Promise<System> {
  const [{ gpus, problem }, libraries, drivers, simd] = await Promise.all([
    nvidiaGpus(),
    sharedLibraries(),
    vulkanDrivers(),
    vectorInstructions(),
  ]);
  return {
    node: process.version,
    node_abi: process.versions.modules,
    platform: platformName(),
    libc: libcVersion(),
    cpu: cpuModel(),
    simd,
    gpus,
    gpu_problem: problem,
    vulkan: { loader: libraries.includes('libvulkan.so.1'), drivers },
    cuda_libraries: libraries.filter((name) => /^lib(cuda|cudart|cublas|cudnn)\.so\./.test(name)).toSorted(),
    installer: installer(),
  };
}

function libcVersion(): string | null {
  const { header } = process.report.getReport() as { header?: { glibcVersionRuntime?: string } };
  return header?.glibcVersionRuntime ? `glibc ${header.glibcVersionRuntime}` : null;
}

const VECTOR_INSTRUCTIONS = ['avx', 'avx2', 'fma', 'avx512f', 'asimd'];

/** Those of the processor that binaries may want; empty where it is not known. */
export async function vectorInstructions(): Promise<string[]> {
  const text = await readFile('/proc/cpuinfo', 'utf8').catch(() => '');
  const flags = /^(?:flags|Features)\s*:(.*)$/m.exec(text)?.[1]?.split(/\s+/) ?? [];
  return VECTOR_INSTRUCTIONS.filter((name) => flags.includes(name));
}

/** What the dynamic linker knows, and what lies in LD_LIBRARY_PATH. */
async function sharedLibraries(): Promise<string[]> {
  const cache = (await programOutput('/sbin/ldconfig', ['-p'])) ?? '';
  const folders = process.env.LD_LIBRARY_PATH?.split(':').filter(Boolean) ?? [];
  const inFolders = await Promise.all(folders.map(listFiles));
  return [
    ...new Set([...[...cache.matchAll(/^\s+(\S+) \(/gm)].map(([, name]) => name!), ...inFolders.flat()]),
  ];
}

/** Names of the drivers' manifests, by the rules of the Vulkan loader. */
async function vulkanDrivers(): Promise<string[]> {
  const named = process.env.VK_DRIVER_FILES ?? process.env.VK_ICD_FILENAMES;
  const name = (file: string) => basename(file).replace(/(?:_icd)?(?:\.\w+)?\.json$/, '');
  if (named)
    return named
      .split(':')
      .filter((file) => existsSync(file))
      .map(name);
  const folders = ['/etc', '/usr/local/share', '/usr/share'].map((root) => join(root, 'vulkan/icd.d'));
  const files = await Promise.all(folders.map(listFiles));
  return files
    .flat()
    .filter((file) => file.endsWith('.json'))
    .map(name);
}

async function listFiles(folder: string): Promise<string[]> {
  return readdir(folder).catch(() => []);
}

function installer(): Installer | null {
  const tool = (['apt-get', 'dnf'] as const).find((name) => existsSync(join('/usr/bin', name)));
  return tool ? { tool, sudo: process.getuid?.() !== 0 } : null;
}
