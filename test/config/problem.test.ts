import { describe, expect, it } from 'vitest';
import type { Origin } from '../../src/config/located.js';
import { ConfigError, formatProblem, type PlacedProblem } from '../../src/config/problem.js';
import { UserError } from '../../src/errors.js';

const at = (file: string, line: number, column: number): Origin => ({ kind: 'file', file, line, column });
const problem = (origin: Origin, path: (string | number)[], actual = '9'): PlacedProblem => ({
  path,
  expected: 'a number',
  actual,
  origin,
});

describe('formatProblem', () => {
  it.each([
    ['a.yaml:14:9', 'optimizer.momentum', undefined, 'a.yaml:14:9 optimizer.momentum: expected 1, got 2'],
    ['a.yaml:1:1', '', undefined, 'a.yaml:1:1: expected 1, got 2'],
    ['a.yaml:1:1', 'x', 'did you mean y?', 'a.yaml:1:1 x: expected 1, got 2; did you mean y?'],
    ['--set x=2', 'x', undefined, '--set x=2: expected 1, got 2'],
    ['--set x+=2', 'x', undefined, '--set x+=2: expected 1, got 2'],
    ['--set x={y: 2}', 'x.y', undefined, '--set x={y: 2} x.y: expected 1, got 2'],
  ])('%s %s', (location, path, suggestion, line) => {
    const common = { location, path, expected: '1', actual: '2' };
    expect(formatProblem(suggestion === undefined ? common : { ...common, suggestion })).toBe(line);
  });
});

describe('ConfigError', () => {
  it('lists problems in reading order, each once, and counts them', () => {
    const error = new ConfigError([
      problem({ kind: 'set', text: 'x=9' }, ['x']),
      problem(at('a', 10, 1), ['b']),
      problem(at('a', 9, 5), ['l', 0]),
      problem(at('base', 1, 1), ['c']),
      problem(at('a', 9, 2), ['a']),
      problem(at('a', 10, 1), ['b']),
    ]);
    expect(error.message.split('\n')).toEqual([
      'a:9:2 a: expected a number, got 9',
      'a:9:5 l.0: expected a number, got 9',
      'a:10:1 b: expected a number, got 9',
      'base:1:1 c: expected a number, got 9',
      '--set x=9: expected a number, got 9',
      '5 problems in the config',
    ]);
    expect(error.problems[1]).toEqual({ location: 'a:9:5', path: 'l.0', expected: 'a number', actual: '9' });
    expect(error).toBeInstanceOf(UserError);
    expect(error.exitCode).toBe(2);
  });

  it('shows fifty and keeps all', () => {
    const error = new ConfigError(
      Array.from({ length: 1000 }, (_, line) => problem(at('a', line + 1, 1), ['x'])),
    );
    expect(error.message.split('\n')).toHaveLength(51);
    expect(error.message).toMatch(/\n1000 problems in the config, of which the first 50 are shown$/);
    expect(error.problems).toHaveLength(1000);
  });
});
