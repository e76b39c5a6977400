import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../../errors.js';
import { makeDirectory } from '../../storage/make_directory.js';
import { type PinnedWheel, TENSORFLOW_VERSION } from './pinned_wheels.js';
import { ProgramError, type ProgramOptions, runProgram } from './run_program.js';

/** The libraries in a wheel are the same for every Python: the one of the pinned wheels is named, whatever runs pip. */
const PYTHON_VERSION = '3.12';

/**
 * Downloads wheels with pip, from the index that pip is set up for, and returns their paths. pip takes no other file than
 * the pinned ones (its hash-checking mode). Dependencies are left out.
 * @throws UserError, also where the file has another digest
 */
export async function downloadWheels(
  wheels: readonly PinnedWheel[],
  python: string,
  directory: string,
  options: ProgramOptions & {
    /** Requirements that the pinned versions must meet: "nvidia-nccl-cu12<3.0,>=2.27.7". */
    readonly constraints?: readonly string[];
    /** Whether the user can name a wheel in place of what is downloaded (--wheel). */
    readonly replaceable?: boolean;
  } = {},
): Promise<string[]> {
  await makeDirectory(directory);
  const requirements = wheels.map(({ name, version }) => `${name}==${version}`);
  const files = {
    requirements: join(directory, 'requirements.txt'),
    constraints: join(directory, 'constraints.txt'),
  };
  await writeFile(
    files.requirements,
    wheels.map(({ sha256 }, index) => `${requirements[index]} --hash=sha256:${sha256}\n`).join(''),
  );
  await writeFile(files.constraints, (options.constraints ?? []).map((line) => `${line}\n`).join(''));
  const args = ['-m', 'pip', 'download', '--no-deps', '--only-binary=:all:', '--no-input'];
  const quiet = ['--disable-pip-version-check', '--progress-bar=off'];
  const target = [`--python-version=${PYTHON_VERSION}`, `--dest=${directory}`];
  const pinned = [
    '--require-hashes',
    `--requirement=${files.requirements}`,
    `--constraint=${files.constraints}`,
  ];
  try {
    await runProgram(python, [...args, ...quiet, ...target, ...pinned], options);
  } catch (error) {
    if (!(error instanceof ProgramError)) throw error;
    throw new UserError(`pip cannot download ${requirements.join(', ')}: ${reason(error.output)}`, {
      hint: hint(error.output, options.replaceable ? wheels[0]! : null),
      cause: error,
    });
  }
  const names = await readdir(directory);
  return names.filter((name) => name.endsWith('.whl')).map((name) => join(directory, name));
}

/** What pip says of a file that is not the pinned one. */
function mismatch(output: string): string | null {
  const [, expected, actual] = /Expected sha256 (\w+)\s+Got +(\w+)/.exec(output) ?? [];
  if (expected === undefined) return null;
  const [, file = 'a wheel'] = /^ERROR: THESE PACKAGES DO NOT MATCH[^\n]*\n +(\S+)/m.exec(output) ?? [];
  return `${file}: expected sha256 ${expected}, got ${actual}`;
}

/** The requirements that the pinned versions do not meet. */
function unmet(output: string): string[] {
  return [...output.matchAll(/The user requested \(constraint\) (.+)/g)].map(
    ([, requirement]) => requirement!,
  );
}

const isUnavailable = (output: string) => /No matching distribution|from versions:/.test(output);
const isUnreachable = (output: string) =>
  /Max retries|NewConnectionError|Name or service|timed out|ProxyError|SSLError|ConnectionResetError|HTTP error 40[37]/.test(
    output,
  );

function reason(output: string): string {
  const changed = mismatch(output);
  if (changed !== null) return changed;
  const constraints = unmet(output);
  if (constraints.length > 0) return `the wheel of TensorFlow asks for ${constraints.join(' and ')}`;
  if (isUnreachable(output)) {
    const detail = /(\[Errno -?\d+\] [^'")]+|HTTP error 40[37]|timed out)/.exec(output)?.[0];
    return `the package index cannot be reached${detail ? ` (${detail.trim()})` : ''}`;
  }
  if (isUnavailable(output)) {
    return `the package index has none for ${process.platform} ${process.arch} (wheels need glibc: musl systems such as Alpine have none)`;
  }
  const lines = output.split('\n').filter((line) => line.trim() !== '');
  return (lines.findLast((line) => line.startsWith('ERROR')) ?? lines.at(-1) ?? 'it printed nothing').replace(
    /^ERROR: /,
    '',
  );
}

/** @param replaceable the wheel that --wheel can replace; null where nothing can */
function hint(output: string, replaceable: PinnedWheel | null): string {
  if (mismatch(output) !== null)
    return 'The package index or a proxy hands out another file than was published; nothing of it was used.';
  if (unmet(output).length > 0) return `Take the wheel of TensorFlow ${TENSORFLOW_VERSION}.`;
  const isMissing = isUnavailable(output) && !isUnreachable(output);
  if (replaceable === null) return `Check pip's index${isMissing ? '' : ' and proxy'} (pip config list).`;
  if (isMissing) return 'With a wheel that you have from elsewhere, add --wheel FILE.';
  const { name, version, sha256 } = replaceable;
  return `Check pip's index and proxy (pip config list). Or fetch the wheel on a machine that reaches the index (pip download --no-deps --only-binary=:all: --python-version=${PYTHON_VERSION} ${name}==${version}; its sha256 is ${sha256}) and add --wheel FILE.`;
}
