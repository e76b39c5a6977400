import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../../errors.js';
import { makeDirectory } from '../../storage/make_directory.js';
import { TFJS_NODE_VERSION } from '../tensorflow_build.js';
import { ProgramError, type ProgramOptions, runProgram } from './run_program.js';

/** A package of the npm registry, to the byte. */
export interface PinnedPackage {
  readonly name: string;
  readonly version: string;
  /** As in package-lock.json: "sha512-…". */
  readonly integrity: string;
}

/** What is built from: sources and kernels of tfjs-node, the one library that these load, and Node-API's headers. */
export const PACKAGES = {
  tfjsNode: {
    name: '@tensorflow/tfjs-node',
    version: TFJS_NODE_VERSION,
    integrity:
      'sha512-uHrXeUlfgkMxTZqHkESSV7zSdKdV0LlsBeblqkuKU9nnfxB1pC6DtoyYVaLxznzZy7WQSegjcohxxCjAf6Dc7w==',
  },
  protobuf: {
    name: 'google-protobuf',
    version: '4.0.3',
    integrity:
      'sha512-DI6iiRmF8fE/EzvGK5F9b8RxZeumHC2AAhi3xwOEh+GT5eRhJeW1aOtkDxn0W7cVCFQAtwK+ZDwIO1BYz+9WMA==',
  },
  nodeApiHeaders: {
    name: 'node-api-headers',
    version: '1.9.0',
    integrity:
      'sha512-2oNILP4jXwRB4ywnYKjVk1YyJ96n2D4EOVJO6S3oYZ5PtbJrw3Yt9TpAuX3nBLMuzn74rnfGQrv13pS9vC+YiA==',
  },
} as const satisfies Record<string, PinnedPackage>;

/**
 * Fetches packages with npm, from the registry that npm is set up for, without running any of their scripts. Each is
 * unpacked to `<directory>/<name>` once its integrity agrees.
 * @throws UserError
 */
export async function fetchPackages(
  packages: readonly PinnedPackage[],
  npm: string,
  directory: string,
  options: ProgramOptions = {},
): Promise<void> {
  const archives = join(directory, '.archives');
  await makeDirectory(archives);
  const specifiers = packages.map(({ name, version }) => `${name}@${version}`);
  const args = ['pack', '--ignore-scripts', '--loglevel=error', `--pack-destination=${archives}`];
  try {
    await runProgram(npm, [...args, ...specifiers], options);
  } catch (error) {
    if (!(error instanceof ProgramError)) throw error;
    throw new UserError(`npm cannot fetch ${specifiers.join(', ')}: ${reason(error.output)}`, {
      hint: 'Check the network and the "registry" and "proxy" settings of npm (npm config list), and run this command again.',
      cause: error,
    });
  }
  for (const each of packages) {
    options.signal?.throwIfAborted();
    await unpack(each, archives, join(directory, each.name));
  }
}

/** The line of npm's output that says what is wrong. */
function reason(output: string): string {
  const lines = output.split('\n').filter((line) => line.trim() !== '');
  const errors = lines.filter((line) => /^npm (error|ERR!)/.test(line) && !/ code /.test(line));
  return (errors[0] ?? lines.at(-1) ?? 'it printed nothing').replace(/^npm (error|ERR!) /, '');
}

async function unpack({ name, version, integrity }: PinnedPackage, archives: string, target: string) {
  const file = join(archives, `${name.replace('@', '').replace('/', '-')}-${version}.tgz`);
  const bytes = await readFile(file);
  const actual = `sha512-${createHash('sha512').update(bytes).digest('base64')}`;
  if (actual !== integrity) {
    throw new UserError(`${name}@${version}: expected integrity ${integrity}, got ${actual}`, {
      hint: 'The registry or a proxy hands out another package than was published; nothing of it was used.',
    });
  }
  const { extract } = await import('tar');
  await makeDirectory(target);
  await extract({
    file,
    cwd: target,
    strip: 1,
    strict: true,
    preserveOwner: false,
    filter: (_, entry) => 'type' in entry && (entry.type === 'File' || entry.type === 'Directory'),
  });
}
