import { existsSync } from 'node:fs';
import { readdir, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { abandonedTemporaries, removeAbandoned, temporaryName } from '../../src/storage/temporary_name.js';
import { temporaryDirectory } from '../helpers/temporary_directory.js';

const host = hostname().replaceAll(/[^A-Za-z0-9-]/g, '-');

it('a name is new each time, hidden beside the path, and not abandoned while its process lives', async () => {
  const path = join(temporaryDirectory(), 'file.part');
  const [first, second] = [temporaryName(path), temporaryName(path)];
  expect(first).not.toBe(second);
  expect(dirname(first)).toBe(dirname(path));
  expect(basename(first)).toMatch(/^\.file\.part\..+\.tmp$/);
  await writeFile(first, '');
  expect(await abandonedTemporaries(path)).toEqual([]);
});

it.runIf(existsSync('/proc/self/stat'))('a later process with the same pid is not the owner', async () => {
  const path = join(temporaryDirectory(), 'file.part');
  const earlier = temporaryName(path).replace(`.${process.pid}-`, `.${process.pid}-1`);
  await writeFile(earlier, '');
  expect(await abandonedTemporaries(path)).toEqual([earlier]);
});

it.each([
  ['of a dead process', `${host}.99999999.01234567.tmp`, 0, true],
  ['of another machine', 'elsewhere-1.1-5.01234567.tmp', 0, false],
  ['of another machine, two days old', 'elsewhere-1.1-5.01234567.tmp', 2, true],
  ['of a dead process, but no temporary name', `${host}.99999999.01234567.tmp.json`, 2, false],
] as const)('a file %s', async (_, suffix, days, isAbandoned) => {
  const directory = temporaryDirectory();
  const path = join(directory, 'file.part');
  const temporary = join(directory, `.file.part.${suffix}`);
  await writeFile(temporary, '');
  await writeFile(join(directory, `.file.partx.${suffix}`), '');
  const time = Date.now() / 1000 - days * 86_400;
  await utimes(temporary, time, time);
  expect(await abandonedTemporaries(path)).toEqual(isAbandoned ? [temporary] : []);
  await removeAbandoned(path);
  expect(await readdir(directory)).toHaveLength(isAbandoned ? 1 : 2);
});

it('a missing directory holds none', async () => {
  expect(await abandonedTemporaries(join(temporaryDirectory(), 'none', 'file'))).toEqual([]);
});
