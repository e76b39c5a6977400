import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryDirectory } from './temporary_directory.js';

/** A folder of programs for PATH, each a shell script; what they need besides is found by full path. */
export function fakePrograms(scripts: Readonly<Record<string, string>>): string {
  const directory = join(temporaryDirectory(), 'bin');
  mkdirSync(directory);
  for (const [name, script] of Object.entries(scripts)) {
    const path = join(directory, name);
    writeFileSync(path, `#!/bin/sh\n${script}\n`);
    chmodSync(path, 0o755);
  }
  return directory;
}
