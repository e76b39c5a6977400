import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../../errors.js';
import { makeDirectory } from '../../storage/make_directory.js';
import { ProgramError, type ProgramOptions, runProgram } from './run_program.js';

/** The libraries in a wheel are the same for every Python: one that has wheels is named, whatever Python runs pip. */
const PYTHON_VERSION = '3.12';

/**
 * Downloads wheels with pip, from the index that pip is set up for, and returns their paths. Dependencies are left out.
 * @param requirements as in a requirements file: "tensorflow-cpu==2.21.0"
 * @throws UserError
 */
export async function downloadWheels(
  requirements: readonly string[],
  python: string,
  directory: string,
  options: ProgramOptions & {
    /** Whether the user can name a wheel in place of what is downloaded (--wheel). */
    readonly replaceable?: boolean;
  } = {},
): Promise<string[]> {
  await makeDirectory(directory);
  const args = ['-m', 'pip', 'download', '--no-deps', '--only-binary=:all:', '--no-input'];
  const quiet = ['--disable-pip-version-check', '--progress-bar=off'];
  const target = [`--python-version=${PYTHON_VERSION}`, `--dest=${directory}`];
  try {
    await runProgram(python, [...args, ...quiet, ...target, ...requirements], options);
  } catch (error) {
    if (!(error instanceof ProgramError)) throw error;
    throw new UserError(`pip cannot download ${requirements.join(', ')}: ${reason(error.output)}`, {
      hint: hint(error.output, options.replaceable ? requirements[0]! : null),
      cause: error,
    });
  }
  const names = await readdir(directory);
  return names.filter((name) => name.endsWith('.whl')).map((name) => join(directory, name));
}

const isUnavailable = (output: string) => /No matching distribution|from versions:/.test(output);
const isUnreachable = (output: string) =>
  /Max retries|NewConnectionError|Name or service|timed out|ProxyError|SSLError|ConnectionResetError|HTTP error 40[37]/.test(
    output,
  );

function reason(output: string): string {
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

/** @param requirement of what --wheel can replace; null where nothing can */
function hint(output: string, requirement: string | null): string {
  const isMissing = isUnavailable(output) && !isUnreachable(output);
  if (requirement === null) return `Check pip's index${isMissing ? '' : ' and proxy'} (pip config list).`;
  if (isMissing) return 'With a wheel that you have from elsewhere, add --wheel FILE.';
  return `Check pip's index and proxy (pip config list). Or fetch the wheel on a machine that reaches the index (pip download --no-deps --only-binary=:all: ${requirement}) and add --wheel FILE.`;
}
