import { describe, expect, it } from 'vitest';
import { composeYaml, placesIn } from '../../src/config/yaml_text.js';

const compose = (text: string) => composeYaml(text, placesIn('a.yaml', text));

describe('placesIn', () => {
  it.each([
    ['first character', 'ab', 0, 1, 1],
    ['after LF', 'a\nbc', 3, 2, 2],
    ['after CRLF', 'a\r\nbc', 4, 2, 2],
    ['after an accent', 'é: x', 3, 1, 4],
    ['after a wide character', '漢字: x', 4, 1, 5],
    ['after a surrogate pair', '😀: x', 4, 1, 4],
    ['after two pairs, in the second line', '😀\n😀a😀b', 8, 2, 4],
    ['after a tab', '\tx', 1, 1, 2],
    ['at the end', 'a\n', 2, 2, 1],
  ])('%s', (_name, text, offset, line, column) => {
    expect(placesIn('f', text)(offset)).toEqual({ kind: 'file', file: 'f', line, column });
  });
});

describe('composeYaml', () => {
  it.each([
    ['tab as indentation', 'a:\n\tb: 1', 2, 1, 'spaces as indentation', 'a tab'],
    ['second document', 'a: 1\n---\nb: 2', 2, 1, 'one YAML document', 'a second one'],
    [
      'unknown tag',
      'a: !!js/function x',
      1,
      4,
      'a value without that tag',
      'Unresolved tag: tag:yaml.org,2002:js/function',
    ],
    [
      'binary tag',
      'a: !!binary aGk=',
      1,
      4,
      'a value without that tag',
      'Unresolved tag: tag:yaml.org,2002:binary',
    ],
    ['local tag', 'a: !env HOME', 1, 4, 'a value without that tag', 'Unresolved tag: !env'],
    ['open quote', 'a: "x\nb: 1', 2, 5, 'valid YAML', 'an error: Missing closing "quote'],
    [
      'colon in a value',
      'a: b: c',
      1,
      4,
      'valid YAML',
      'an error: Nested mappings are not allowed in compact mappings',
    ],
    [
      'text after a value',
      'a: 1\nb 2\nc: 3',
      2,
      1,
      'valid YAML',
      'an error: Implicit map keys need to be followed by map values',
    ],
    ['unknown directive', '%FOO\n---\na: 1', 1, 1, 'valid YAML', 'an error: Unknown directive %FOO'],
    ['deep flow lists', '['.repeat(100_000), 1, 81, 'at most 40 levels of maps and lists', 'more'],
    ['deep block lists', '- '.repeat(1000), 1, 160, 'at most 40 levels of maps and lists', 'more'],
  ])('%s', (_name, text, line, column, expected, actual) => {
    const { document, problems } = compose(text);
    expect(document).toBeNull();
    expect(problems).toEqual([
      { path: [], expected, actual, origin: { kind: 'file', file: 'a.yaml', line, column } },
    ]);
  });

  it('reports every line with a mistake, once', () => {
    const { problems } = compose('a: ]\nb: [1, 2}\n\tc: 1\nd: @x ]\n');
    const lines = problems.map(({ origin }) => origin.kind === 'file' && origin.line);
    expect(lines.length).toBeGreaterThan(2);
    expect(new Set(lines).size).toBe(lines.length);
  });

  it('reports a line of many mistakes once, and in linear time', () => {
    const { problems } = compose(`a: ${'&a '.repeat(40_000)}`);
    expect(problems).toHaveLength(1);
  });

  it('stays with YAML 1.2, whatever a directive says', () => {
    expect(compose('%YAML 1.1\n---\na: yes\nb: 010\n').document?.toJS()).toEqual({ a: 'yes', b: 10 });
  });
});
