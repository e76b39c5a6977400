import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import type { KernelBackend } from '@tensorflow/tfjs';
import type { Tf } from '../registry/schema.js';

const require = createRequire(import.meta.url);

export type TensorflowName = 'tensorflow' | 'tensorflow-gpu';

/** The version of @tensorflow/tfjs-node whose kernels and native sources are used. */
export const TFJS_NODE_VERSION = '4.22.0';
/** The version of Node's binary interface that builds use: one build serves Node.js 20, 22, 24 and later. */
export const NAPI_VERSION = 8;

/** Where things are in a build; nvidia/ lies beside tensorflow/, where TensorFlow looks for CUDA's libraries. */
export const BUILD_FILES = {
  manifest: 'manifest.json',
  libraries: 'tensorflow',
  binding: 'tensorflow/tfjs_binding.node',
  package: 'node_modules/@tensorflow/tfjs-node',
} as const;

/** What `gnet backend install` wrote of a build: its manifest.json. */
export interface BuildManifest {
  /** Version of TensorFlow's C library. */
  readonly tensorflow: string;
  /** ISO 8601. */
  readonly created_at: string;
  /** By path inside the build. */
  readonly files: Readonly<Record<string, { readonly bytes: number; readonly sha256: string }>>;
}

/** A TensorFlow that was built for this user. */
export interface Build {
  readonly directory: string;
  readonly manifest: BuildManifest;
}

/** The folder of this user's builds; XDG_CACHE_HOME moves it. */
export function buildsDirectory(): string {
  const { XDG_CACHE_HOME: cache } = process.env;
  return join(cache && isAbsolute(cache) ? cache : join(homedir(), '.cache'), 'gnet', 'backends');
}

/** The name of a build's directory: a build for another version, processor or system is another build. */
export function buildName(name: TensorflowName, tensorflow: string): string {
  return `${name}-${TFJS_NODE_VERSION}-tf${tensorflow}-napi${NAPI_VERSION}-${process.platform}-${process.arch}`;
}

/** Where builds of a backend are that would fit this gnet and this machine, complete or not. */
export function buildDirectories(name: TensorflowName): string[] {
  const [before, after] = buildName(name, '*').split('*') as [string, string];
  const parent = buildsDirectory();
  const names = existsSync(parent) ? readdirSync(parent) : [];
  return names
    .filter((entry) => entry.startsWith(before) && entry.endsWith(after))
    .map((entry) => join(parent, entry));
}

/** The complete ones, newest first. */
export function findBuilds(name: TensorflowName): Build[] {
  return buildDirectories(name)
    .map((directory) => ({ directory, manifest: readManifest(directory) }))
    .filter((build): build is Build => build.manifest !== null)
    .toSorted((a, b) => b.manifest.created_at.localeCompare(a.manifest.created_at));
}

/** Null where there is none, or one that is no manifest. */
function readManifest(directory: string): BuildManifest | null {
  try {
    const value: unknown = JSON.parse(readFileSync(join(directory, BUILD_FILES.manifest), 'utf8'));
    return isManifest(value) ? value : null;
  } catch {
    return null;
  }
}

function isManifest(value: unknown): value is BuildManifest {
  const { tensorflow, created_at, files } = (value ?? {}) as Record<string, unknown>;
  if (typeof tensorflow !== 'string' || typeof created_at !== 'string') return false;
  return (
    typeof files === 'object' &&
    files !== null &&
    Object.values(files as Record<string, unknown>).every((file) => {
      const { bytes, sha256 } = (file ?? {}) as Record<string, unknown>;
      return Number.isSafeInteger(bytes) && typeof sha256 === 'string';
    })
  );
}

/** A build's modules find the TensorFlow.js of whoever loads them here: two instances would not know each other's tensors. */
export const SHARED_TENSORFLOW_JS = 'gnet.tensorflow.js';

/**
 * Registers a build as the backend "tensorflow" of gnet's TensorFlow.js. Throws what loading shared libraries throws.
 * The package's own index.js is left out: it looks for its native part where npm would have put it.
 */
export function loadBuild(directory: string): Tf {
  const tf = require('@tensorflow/tfjs') as Tf;
  Object.assign(globalThis, { [Symbol.for(SHARED_TENSORFLOW_JS)]: tf });
  const load = createRequire(join(directory, BUILD_FILES.manifest));
  const binding: unknown = load(`./${BUILD_FILES.binding}`);
  load(`./${BUILD_FILES.package}/dist/register_all_kernels.js`);
  const { NodeJSKernelBackend } = load(`./${BUILD_FILES.package}/dist/nodejs_kernel_backend.js`) as {
    NodeJSKernelBackend: new (binding: unknown, packageName: string) => KernelBackend;
  };
  tf.registerBackend('tensorflow', () => new NodeJSKernelBackend(binding, '@tensorflow/tfjs-node'));
  return tf;
}
