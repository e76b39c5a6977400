import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { BIN, gnet, shell } from '../helpers/gnet.js';
import { temporaryDirectory } from '../helpers/temporary_directory.js';

const CONFIG = join(process.cwd(), 'configs/smoke.yaml');

describe.runIf(existsSync('/dev/full'))('a full disk behind the standard output', () => {
  test.each(['', '--json'])('is told once, without a stack %s', async (flag) => {
    const line = `"${process.execPath}" "${BIN}" validate "${CONFIG}" ${flag} > /dev/full`;
    const { code, stderr } = await shell(line, temporaryDirectory());
    expect(code).toBe(1);
    expect(stderr).toMatch(/^cannot write the standard output: the disk is full \(ENOSPC\)\n[^\n]+\n$/);
  });
});

test('a home directory that cannot be read is nothing to warn of', async () => {
  const env = { HOME: '/dev/null', XDG_DATA_HOME: '' };
  const { code, stderr } = await gnet(['validate', CONFIG], { cwd: temporaryDirectory(), env });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
});
