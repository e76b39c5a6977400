import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadFile } from '../../src/config/load.js';
import { formatOrigin, Origins, plainValue } from '../../src/config/located.js';
import { temporaryDirectory } from '../helpers/temporary_directory.js';

/** Writes the files, loads `a.yaml`, and tells of places without the directory's name. */
async function load(files: Record<string, string | Buffer>) {
  const directory = temporaryDirectory();
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(directory, name, '..'), { recursive: true });
    writeFileSync(join(directory, name), text);
  }
  const { root, source, problems } = await loadFile(join(directory, 'a.yaml'));
  const short = (text: string) => text.replaceAll(`${directory}/`, '');
  return {
    root,
    source,
    value: root && plainValue(root),
    problems: problems.map((p) =>
      short(`${formatOrigin(p.origin)} ${p.path}: expected ${p.expected}, got ${p.actual}`),
    ),
    origin: (path: string[]) => short(formatOrigin(new Origins(root!).of(path))),
  };
}

describe('one file', () => {
  it('is read with its places, and kept as written', async () => {
    const { value, source, problems, origin } = await load({
      'a.yaml': '\ufeff# é\r\nname: x\r\nmodel: {b: 1}\r\n',
    });
    expect(value).toEqual({ name: 'x', model: { b: 1 } });
    expect(source).toBe('# é\r\nname: x\r\nmodel: {b: 1}\r\n');
    expect(problems).toEqual([]);
    expect(origin(['model', 'b'])).toBe('a.yaml:3:12');
  });

  it.each([
    ['empty', '', 'a.yaml:1:1 : expected a map of keys such as name and model, got an empty file'],
    ['a comment', '# nothing\n', 'a.yaml:1:1 : expected a map of keys such as name and model, got null'],
    ['a list', '- a', 'a.yaml:1:1 : expected a map of keys such as name and model, got a list'],
    ['a scalar', 'hello', 'a.yaml:1:1 : expected a map of keys such as name and model, got "hello"'],
    [
      'binary',
      Buffer.from([0x7f, 0x45, 0x4c, 0x46, 0, 1, 2]),
      'a.yaml: expected printable text, got the control character U+007f',
    ],
    [
      'binary after text',
      Buffer.from([0x61, 0x3a, 0x0a, 0x62, 0xc3, 0x28]),
      'a.yaml:2:2 : expected UTF-8 text, got bytes that are none',
    ],
    ['too large', '#'.repeat(300_000), 'a.yaml : expected at most 256 KiB, got a larger file'],
  ])('%s', async (_name, text, problem) => {
    const { root, problems } = await load({ 'a.yaml': text });
    expect(root).toBeNull();
    expect(problems.map((line) => line.replace('a.yaml :', 'a.yaml:'))).toEqual([
      problem.replace('a.yaml :', 'a.yaml:'),
    ]);
  });

  it.each([
    ['/nowhere/a.yaml', 'no such file'],
    ['/', 'a directory'],
  ])('%s', async (file, actual) => {
    const { root, problems } = await loadFile(file);
    expect(root).toBeNull();
    expect(problems).toEqual([
      { path: [], expected: 'a config file', actual, origin: { kind: 'document', name: file } },
    ]);
  });
});

describe('extends', () => {
  it('follows a chain, each link relative to its own file', async () => {
    const { value, problems, origin } = await load({
      'a.yaml': 'extends: sub/b.yaml\nx: {a: 1}\nl: [1]',
      'sub/b.yaml': 'extends: ../c.yaml\nx: {a: 2, b: 2}',
      'c.yaml': 'x: {a: 3, b: 3, c: 3}\nl: [1, 2, 3]\n',
    });
    expect(problems).toEqual([]);
    expect(value).toEqual({ x: { a: 1, b: 2, c: 3 }, l: [1] });
    expect(['a', 'b', 'c'].map((key) => origin(['x', key]))).toEqual([
      'a.yaml:2:8',
      'sub/b.yaml:2:14',
      'c.yaml:1:20',
    ]);
  });

  it.each([
    [
      'itself',
      { 'a.yaml': 'extends: a.yaml' },
      'a.yaml:1:10 extends: expected files that do not extend each other in a circle, got a.yaml → a.yaml',
    ],
    [
      'a circle',
      { 'a.yaml': 'extends: b.yaml', 'b.yaml': 'x: 1\nextends: ./c.yaml', 'c.yaml': 'extends: a.yaml' },
      'c.yaml:1:10 extends: expected files that do not extend each other in a circle, got a.yaml → b.yaml → c.yaml → a.yaml',
    ],
    [
      'a missing file',
      { 'a.yaml': 'x: 1\nextends: b.yaml' },
      'a.yaml:2:10 extends: expected a config file, got no such file: b.yaml',
    ],
    [
      'a directory',
      { 'a.yaml': 'extends: .' },
      'a.yaml:1:10 extends: expected a config file, got a directory: .',
    ],
    [
      'a list',
      { 'a.yaml': 'extends: [b.yaml]' },
      'a.yaml:1:10 extends: expected the path of a config file, got a list',
    ],
    [
      'a number',
      { 'a.yaml': 'extends: 3' },
      'a.yaml:1:10 extends: expected the path of a config file, got 3',
    ],
    ['nothing', { 'a.yaml': 'extends:' }, 'a.yaml:1:9 extends: expected the path of a config file, got null'],
    [
      'a base that is no map',
      { 'a.yaml': 'extends: b.yaml', 'b.yaml': '[1]' },
      'a.yaml:1:10 extends: expected a config file, got another file: b.yaml\n' +
        'b.yaml:1:1 : expected a map of keys such as name and model, got a list',
    ],
    [
      'a base with a mistake',
      { 'a.yaml': 'extends: b.yaml', 'b.yaml': 'x: "' },
      'a.yaml:1:10 extends: expected a config file, got another file: b.yaml\n' +
        'b.yaml:1:5 : expected valid YAML, got an error: Missing closing "quote',
    ],
    [
      'a base that is no text',
      { 'a.yaml': 'extends: b.yaml', 'b.yaml': 'x: 1\ny: \u0000' },
      'a.yaml:1:10 extends: expected a config file, got another file: b.yaml\n' +
        'b.yaml:2:4 : expected printable text, got the control character U+0000',
    ],
    [
      'a name with NUL',
      { 'a.yaml': 'extends: "b\\0.yaml"' },
      'a.yaml:1:10 extends: expected the path of a config file, got "b\\\\x00.yaml"',
    ],
  ])('%s is refused', async (_name, files, problem) => {
    const { root, problems } = await load(files as Record<string, string>);
    expect(root).toBeNull();
    const lines = problems.map((line) => line.replace(/: \S*\/\.$/, ': .').replace(/: \/tmp\S*$/, ': .'));
    expect(lines.join('\n')).toBe(problem);
  });

  it('is not led on for ever by a link to its own directory', async () => {
    const directory = temporaryDirectory();
    symlinkSync('.', join(directory, 'self'));
    writeFileSync(join(directory, 'a.yaml'), 'extends: self/a.yaml');
    const { problems } = await loadFile(join(directory, 'a.yaml'));
    expect(problems).toMatchObject([{ expected: 'files that do not extend each other in a circle' }]);
  });

  it('collects the mistakes of all files', async () => {
    const { problems } = await load({ 'a.yaml': 'extends: b.yaml\nx: 1\nx: 2', 'b.yaml': 'y: .inf' });
    expect(problems).toEqual([
      'a.yaml:3:1 : expected each key once, got a second x',
      'b.yaml:1:4 : expected a finite number, got Infinity',
    ]);
  });
});
