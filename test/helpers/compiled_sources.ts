import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { onTestFinished } from 'vitest';

/** Compiles src/ for the child processes of one test (which read no TypeScript) and returns the directory. */
export async function compiledSources(): Promise<string> {
  // Below node_modules, so that the compiled files find the packages.
  const parent = resolve('node_modules/.cache');
  await mkdir(parent, { recursive: true });
  const directory = await mkdtemp(join(parent, 'gnet-test-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  await writeFile(join(directory, 'package.json'), '{ "type": "module" }');
  const tsc = resolve('node_modules/typescript/bin/tsc');
  await promisify(execFile)(process.execPath, [
    tsc,
    '-p',
    'tsconfig.json',
    '--noCheck',
    '--outDir',
    directory,
  ]);
  return directory;
}
