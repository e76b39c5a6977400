import { cp, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { UserError } from '../../errors.js';
import { writeNewFile } from '../../storage/atomic.js';
import { makeDirectory } from '../../storage/make_directory.js';
import { diagnose } from '../diagnose.js';
import { examineSystem } from '../system.js';
import { BUILD_FILES, type BuildManifest, type TensorflowName } from '../tensorflow_build.js';
import { describeFiles, writeSharedModules } from './build_files.js';
import type { BuildCheck } from './check_build.js';
import { LIBRARIES } from './compile.js';
import { ProgramError, type ProgramOptions, runProgram } from './run_program.js';
import type { Wheel } from './wheel.js';

/** The release that gnet is tested with; --wheel takes another. */
export const TENSORFLOW_VERSION = '2.21.0';

/** What pip is asked for. On arm64 there is one wheel for both, without CUDA; it is named like the one with CUDA. */
export function requirementOf(name: TensorflowName): string {
  const isCpuOnly = name === 'tensorflow' && process.arch === 'x64';
  return `${isCpuOnly ? 'tensorflow-cpu' : 'tensorflow'}==${TENSORFLOW_VERSION}`;
}

const ARCHITECTURES: Partial<Record<NodeJS.Architecture, string>> = { x64: 'x86_64', arm64: 'aarch64' };

/** @throws UserError where nothing can be built for this system */
export function requirePlatform(name: TensorflowName): void {
  const { platform, arch } = process;
  if (platform === 'linux' && ARCHITECTURES[arch] && (name === 'tensorflow' || arch === 'x64')) return;
  const supported = name === 'tensorflow' ? 'Linux on x64 and arm64' : 'Linux on x64';
  throw new UserError(`backend ${name} is built on ${supported}; this is ${platform} ${arch}`, {
    hint: 'Try "npm install @tensorflow/tfjs-node", which has native parts for macOS and Windows, or "--backend onnxruntime-cpu".',
  });
}

/** Checks that a wheel is TensorFlow for this machine. @throws UserError */
export function checkWheel(wheel: Wheel, name: TensorflowName): void {
  const normal = wheel.name.toLowerCase().replaceAll(/[-_.]+/g, '-');
  const expected = name === 'tensorflow' ? ['tensorflow', 'tensorflow-cpu'] : ['tensorflow'];
  if (!expected.includes(normal)) {
    throw new UserError(`${wheel.path}: expected a wheel of ${expected.join(' or ')}, got ${wheel.name}`);
  }
  const architecture = ARCHITECTURES[process.arch]!;
  if (!wheel.tags.some((tag) => tag.includes('linux') && tag.endsWith(architecture))) {
    throw new UserError(
      `${wheel.path}: expected a wheel for Linux on ${architecture}, got ${wheel.tags.join(', ')}`,
    );
  }
  const missing = LIBRARIES.filter((library) => !wheel.files.includes(`tensorflow/${library}`));
  if (missing.length > 0) {
    throw new UserError(`${wheel.path}: TensorFlow ${wheel.version} has no ${missing.join(' and no ')}`, {
      hint: `Take version 2.10 or later; ${TENSORFLOW_VERSION} is tested.`,
    });
  }
}

/** Headers that the binding includes, with those that these include. */
const HEADERS = /^tensorflow\/include\/(tensorflow\/(c|core\/platform)|tsl|xla\/tsl)\/.*\.h$/;

/** TensorFlow's libraries go to `build`, its headers to `headers`. @throws UserError */
export async function extractTensorflow(
  wheel: Wheel,
  build: string,
  headers: string,
  signal: AbortSignal,
): Promise<void> {
  const libraries = LIBRARIES.map((library) => `tensorflow/${library}`);
  await wheel.extract((name) => libraries.includes(name), build, signal);
  await wheel.extract((name) => HEADERS.test(name), headers, signal);
}

/** CUDA's libraries and tools, without headers. @throws UserError */
export async function extractCuda(wheel: Wheel, build: string, signal: AbortSignal): Promise<void> {
  await wheel.extract((name) => /^nvidia\/(?!.*\/include\/)/.test(name), build, signal);
}

/** The modules of a build: tfjs-node's own, its library, and what stands for gnet's TensorFlow.js. */
export async function addModules(packages: string, build: string): Promise<void> {
  const target = join(build, BUILD_FILES.package);
  await makeDirectory(target);
  for (const part of ['package.json', 'dist'])
    await cp(join(packages, '@tensorflow/tfjs-node', part), join(target, part), { recursive: true });
  await rename(join(packages, 'google-protobuf'), join(build, 'node_modules', 'google-protobuf'));
  await writeSharedModules(build);
}

/** Loads a build in a process of its own and takes a gradient with it. @throws UserError where that fails */
export async function checkBuild(build: string, options: ProgramOptions): Promise<BuildCheck> {
  const script = fileURLToPath(new URL('check_build.js', import.meta.url));
  try {
    const stdout = await runProgram(process.execPath, [script, build], options);
    const check = JSON.parse(stdout) as BuildCheck;
    if (check.gradient === 4) return check;
    throw new UserError(
      `TensorFlow ${check.tensorflow} computes a wrong gradient: ${check.gradient}, expected 4`,
    );
  } catch (error) {
    if (!(error instanceof ProgramError)) throw error;
    throw await brokenBuild(error);
  }
}

async function brokenBuild(error: ProgramError): Promise<UserError> {
  const { exitCode, signal, output, message } = error;
  const line = /^\w*Error: .*$/m.exec(output)?.[0].replace(/^\w*Error: /, '');
  const ended = signal ? { how: 'signal' as const, signal } : { how: 'exit' as const, code: exitCode ?? 1 };
  const { cause, mend } = diagnose(
    {
      ...{ during: 'load', ended, stderr: output },
      error: signal ? null : { message: line ?? message, diagnosis: null },
    },
    { system: await examineSystem(), reinstall: null },
  );
  return new UserError(`TensorFlow does not run here: ${cause}`, {
    ...(mend !== null && { hint: `Mend it: ${mend}` }),
    cause: error,
  });
}

/** Says of every file what it is: from here on the build is complete. Throws system errors. */
export async function writeManifest(
  build: string,
  tensorflow: string,
  signal: AbortSignal,
): Promise<BuildManifest> {
  const files = await describeFiles(build, signal);
  const manifest: BuildManifest = { tensorflow, created_at: new Date().toISOString(), files };
  await writeNewFile(join(build, BUILD_FILES.manifest), `${JSON.stringify(manifest, null, 1)}\n`);
  return manifest;
}
