import { readdir, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { abandonedScratch, removeAbandoned, scratchPath } from '../../src/data/scratch.js';
import { temporaryDirectory } from '../helpers/temporary_directory.js';

const host = hostname().replaceAll(/[^A-Za-z0-9-]/g, '-');

it('a scratch path is new each time, and not abandoned while its process lives', async () => {
  const base = join(temporaryDirectory(), 'file.part');
  const [first, second] = [scratchPath(base), scratchPath(base)];
  expect(first).not.toBe(second);
  await writeFile(first, '');
  expect(await abandonedScratch(base)).toEqual([]);
});

it.each([
  ['of a dead process', `${host}.99999999.01234567`, 0, true],
  ['of another machine', 'elsewhere-1.1.01234567', 0, false],
  ['of another machine, two days old', 'elsewhere-1.1.01234567', 2, true],
  ['of a dead process, but no scratch name', `${host}.99999999.01234567.json`, 2, false],
] as const)('a file %s', async (_, suffix, days, isAbandoned) => {
  const base = join(temporaryDirectory(), 'file.part');
  const path = `${base}.${suffix}`;
  await writeFile(path, '');
  await writeFile(`${base}x.${suffix}`, '');
  const time = Date.now() / 1000 - days * 86_400;
  await utimes(path, time, time);
  expect(await abandonedScratch(base)).toEqual(isAbandoned ? [path] : []);
  await removeAbandoned(base);
  expect(await readdir(join(base, '..'))).toHaveLength(isAbandoned ? 1 : 2);
});

it('a missing directory holds none', async () => {
  expect(await abandonedScratch(join(temporaryDirectory(), 'none', 'file'))).toEqual([]);
});
