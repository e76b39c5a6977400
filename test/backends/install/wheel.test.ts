import { lstatSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { withWheel } from '../../../src/backends/install/wheel.js';
import { temporaryDirectory } from '../../helpers/temporary_directory.js';
import { type WheelParts, wheel, zip } from '../../helpers/zip.js';

function fileWith(bytes: Uint8Array): string {
  const path = join(temporaryDirectory(), 'tensorflow.whl');
  writeFileSync(path, bytes);
  return path;
}

/** Everything of a wheel but its .dist-info, in a new folder. */
async function extractAll(parts: WheelParts): Promise<string> {
  const target = join(temporaryDirectory(), 'target');
  await withWheel(fileWith(wheel(parts)), (opened) =>
    opened.extract((name) => !name.includes('.dist-info/'), target),
  );
  return target;
}

describe('a wheel', () => {
  it('tells its name, version, tags and the requirements of an extra', async () => {
    const requires = [
      'numpy>=1.26.0',
      'nvidia-nccl-cu12<3.0,>=2.27.7; extra == "and-cuda"',
      'nvidia-cudnn-cu12<10.0,>=9.3.0.75 ; extra == "and-cuda"',
      '--index-url=http://elsewhere; extra == "and-cuda"',
      'evil @ http://elsewhere/evil.whl; extra == "and-cuda"',
      'gcs; python_version < "3.13" and extra == "gcs"',
    ];
    await withWheel(fileWith(wheel({ requires, tag: 'cp312-cp312-win_amd64' })), (opened) => {
      expect(opened).toMatchObject({
        name: 'tensorflow_cpu',
        version: '2.21.0',
        tags: ['cp312-cp312-win_amd64'],
      });
      expect(opened.requirementsOf('and-cuda')).toEqual([
        'nvidia-nccl-cu12<3.0,>=2.27.7',
        'nvidia-cudnn-cu12<10.0,>=9.3.0.75',
      ]);
    });
  });

  it('gives the files that are wanted, and no others', async () => {
    const target = temporaryDirectory();
    const files = { 'tensorflow/a.so': 'library', 'tensorflow/b.py': 'print()' };
    await withWheel(fileWith(wheel({ files })), (opened) =>
      opened.extract((name) => name.endsWith('.so'), target),
    );
    expect(readdirSync(target, { recursive: true }).toSorted()).toEqual(['tensorflow', 'tensorflow/a.so']);
    expect(readFileSync(join(target, 'tensorflow/a.so'), 'utf8')).toBe('library');
  });

  it('keeps that a file can be run, and makes a plain file of anything else', async () => {
    for (const [mode, expected] of [
      [0o100755, 0o755],
      [0o100600, 0o644],
      [0o120777, 0o755], // a link: its target is only text here
      [0o104755, 0o755], // set-uid
    ] as const) {
      const target = await extractAll({ files: { tool: '/etc/passwd' }, mode });
      const status = lstatSync(join(target, 'tool'));
      expect([status.isFile(), status.mode & 0o7777]).toEqual([true, expected & ~process.umask()]);
    }
  });
});

describe('what is refused', () => {
  it.each<[string, WheelParts, RegExp]>([
    [
      'a file that was changed',
      {
        files: { a: 'x' },
        record: (lines) => lines.map((line) => line.replace(/^a,sha256=./, 'a,sha256=_')),
      },
      /a: expected sha256 _\S+, got \S+/,
    ],
    [
      'a file of another length',
      { files: { a: 'x' }, record: (lines) => lines.map((line) => line.replace(/^(a,.*),1$/, '$1,2')) },
      /a: expected 2 bytes, got 1/,
    ],
    [
      'a file that RECORD does not name',
      { files: { a: 'x' }, record: (lines) => lines.slice(1) },
      /a is not in its RECORD/,
    ],
    ['a path upwards', { files: { '../a': 'x' } }, /invalid relative path: \.\.\/a/],
    ['an absolute path', { files: { '/tmp/a': 'x' } }, /absolute path: \/tmp\/a/],
    ['a version that is none', { version: '1 && rm' }, /its METADATA has no version/],
  ])('%s', async (_case, parts, message) => {
    await expect(extractAll(parts)).rejects.toThrow(message);
  });

  it.each([
    ['a download that was cut short', wheel().subarray(0, 200)],
    ['a page in place of a file', Buffer.from('<html>403 Forbidden</html>')],
    ['an empty file', Buffer.alloc(0)],
    ['a zip file that is no wheel', zip({ 'a.txt': 'x' })],
  ])('%s', async (_case, bytes) => {
    const path = fileWith(bytes);
    await expect(withWheel(path, () => undefined)).rejects.toMatchObject({
      name: 'UserError',
      message: expect.stringContaining(`${path}: expected a wheel, got a damaged or other file: `),
      hint: 'Delete the file and download it again.',
    });
  });

  it('a file that is not there', async () => {
    await expect(withWheel('/nowhere/a.whl', () => undefined)).rejects.toThrow(
      'cannot read /nowhere/a.whl: no such file or directory (ENOENT)',
    );
  });
});

it('a folder that cannot be written is named, not the wheel', async () => {
  const target = fileWith(Buffer.from('a file'));
  await expect(
    withWheel(fileWith(wheel({ files: { 'folder/a': 'x' } })), (opened) =>
      opened.extract((name) => name === 'folder/a', target),
    ),
  ).rejects.toThrow(`cannot write ${target}: `);
});

it('an error of the one who uses a wheel is not taken for one of the wheel', async () => {
  const mistake = new TypeError('mine');
  await expect(withWheel(fileWith(wheel()), () => Promise.reject(mistake))).rejects.toBe(mistake);
});
