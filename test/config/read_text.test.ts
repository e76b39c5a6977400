import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { decodeConfig, MAX_BYTES, readText } from '../../src/config/read_text.js';
import { temporaryDirectory } from '../helpers/temporary_directory.js';

describe('readText', () => {
  it('reads text and drops a byte order mark', async () => {
    const file = join(temporaryDirectory(), 'a.yaml');
    writeFileSync(file, '\ufeffname: é\n');
    expect(await readText(file)).toEqual({ ok: true, text: 'name: é\n' });
  });

  it('reads exactly the largest size, and no more', async () => {
    const file = join(temporaryDirectory(), 'a.yaml');
    writeFileSync(file, '#'.repeat(MAX_BYTES));
    expect(await readText(file)).toMatchObject({ ok: true });
    writeFileSync(file, '#'.repeat(MAX_BYTES + 1));
    expect(await readText(file)).toMatchObject({ expected: 'at most 256 KiB', actual: 'a larger file' });
  });

  it('stops reading an endless file', async () => {
    expect(await readText('/dev/zero')).toMatchObject({ actual: 'a larger file' });
  });

  it('reads a pipe', async () => {
    const directory = temporaryDirectory();
    const pipe = join(directory, 'pipe');
    execFileSync('mkfifo', [pipe]);
    const reading = readText(pipe);
    writeFileSync(pipe, 'name: x\n');
    expect(await reading).toEqual({ ok: true, text: 'name: x\n' });
  });

  it.each([
    ['missing.yaml', 'no such file'],
    ['.', 'a directory'],
    ['a\0b', 'an unreadable one (ERR_INVALID_ARG_VALUE)'],
  ])('%j', async (name, actual) => {
    const file = `${temporaryDirectory()}/${name}`;
    expect(await readText(file)).toEqual({ ok: false, expected: 'a config file', actual, before: '' });
  });
});

describe('decodeConfig', () => {
  it.each([
    ['invalid UTF-8', [0x61, 0x0a, 0xff, 0xfe], 'UTF-8 text', 'bytes that are none', 'a\n'],
    ['UTF-16', [0xff, 0xfe, 0x61, 0x00], 'UTF-8 text', 'bytes that are none', ''],
    ['NUL', [0x61, 0x00], 'printable text', 'the control character U+0000', 'a'],
    ['escape sequence', [0x61, 0x1b], 'printable text', 'the control character U+001b', 'a'],
  ])('%s', (_name, bytes, expected, actual, before) => {
    expect(decodeConfig(Uint8Array.from(bytes))).toEqual({ ok: false, expected, actual, before });
  });

  it('accepts tabs and both line ends', () => {
    expect(decodeConfig(Buffer.from('a:\tb\r\nc\n'))).toEqual({ ok: true, text: 'a:\tb\r\nc\n' });
  });
});
