import { open, readdir, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { digestFile } from '../../storage/digest.js';
import { makeDirectory } from '../../storage/make_directory.js';
import { BUILD_FILES, type Build, type BuildManifest, SHARED_TENSORFLOW_JS } from '../tensorflow_build.js';

/** Modules that stand for gnet's own TensorFlow.js, which puts itself there before it loads a build. */
export async function writeSharedModules(directory: string): Promise<void> {
  for (const name of ['tfjs', 'tfjs-core']) {
    const folder = join(directory, 'node_modules', '@tensorflow', name);
    await makeDirectory(folder);
    const text = `module.exports = globalThis[Symbol.for('${SHARED_TENSORFLOW_JS}')];\n`;
    await writeFile(join(folder, 'index.js'), text);
  }
}

/** Length and sha256 of every file of a build but its manifest; fsyncs them. Throws system errors. */
export async function describeFiles(
  directory: string,
  signal?: AbortSignal,
): Promise<BuildManifest['files']> {
  const files: Record<string, { bytes: number; sha256: string }> = {};
  for (const path of await listFiles(directory)) {
    const handle = await open(path, 'r');
    try {
      await handle.sync();
      const { size: bytes } = await handle.stat();
      files[relative(directory, path)] = { bytes, sha256: await digestFile(path, 'sha256', signal) };
    } finally {
      await handle.close();
    }
  }
  return files;
}

/** The files of a build that are missing, changed or not its own. Throws system errors. */
export async function damagedFiles({ directory, manifest }: Build, signal?: AbortSignal): Promise<string[]> {
  const actual = await describeFiles(directory, signal);
  const names = new Set([...Object.keys(manifest.files), ...Object.keys(actual)]);
  return [...names].filter((name) => manifest.files[name]?.sha256 !== actual[name]?.sha256).toSorted();
}

async function listFiles(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => relative(directory, path) !== BUILD_FILES.manifest)
    .toSorted();
}
