import { cp, rename } from 'node:fs/promises';
import { basename, join } from 'node:path';
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
import { CUDA_WHEELS, type PinnedWheel, TENSORFLOW_VERSION, TENSORFLOW_WHEELS } from './pinned_wheels.js';
import { ProgramError, type ProgramOptions, runProgram } from './run_program.js';
import { normalName, type Wheel } from './wheel.js';

/** What pip is asked for. */
export function tensorflowWheel(name: TensorflowName): PinnedWheel {
  if (name === 'tensorflow-gpu') return TENSORFLOW_WHEELS.gpuX64;
  return process.arch === 'arm64' ? TENSORFLOW_WHEELS.cpuArm64 : TENSORFLOW_WHEELS.cpuX64;
}

/**
 * The wheels that bring what an extra of TensorFlow's wheel requires.
 * @throws UserError where it requires nothing, or something that is not pinned
 */
export function cudaWheels(wheel: Wheel): PinnedWheel[] {
  const names = wheel.requirementsOf('and-cuda').map((line) => normalName(/^[\w.-]+/.exec(line)![0]));
  const unknown = names.filter((name) => !CUDA_WHEELS.some((each) => each.name === name));
  if (names.length > 0 && unknown.length === 0)
    return CUDA_WHEELS.filter((each) => names.includes(each.name));
  throw new UserError(
    `${basename(wheel.path)}: expected a wheel that requires CUDA 12's libraries (extra and-cuda), got ${unknown.join(', ') || 'none'}`,
    { hint: `Take the wheel of TensorFlow ${TENSORFLOW_VERSION}, from PyPI.`, exitCode: 2 },
  );
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
  const expected = name === 'tensorflow' ? ['tensorflow', 'tensorflow-cpu'] : ['tensorflow'];
  if (!expected.includes(normalName(wheel.name))) {
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
