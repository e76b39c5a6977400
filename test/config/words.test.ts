import { describe, expect, it } from 'vitest';
import {
  alternatives,
  editDistance,
  formatValue,
  nearest,
  printable,
  shorten,
} from '../../src/config/words.js';

describe('alternatives', () => {
  it.each([
    [[], ''],
    [['a'], 'a'],
    [['a', 'b'], 'a or b'],
    [['a', 'b', 'c'], 'a, b or c'],
  ])('%j', (words, text) => expect(alternatives(words)).toBe(text));
});

describe('formatValue', () => {
  it.each([
    [9, '9'],
    [null, 'null'],
    [true, 'true'],
    ['a"b', '"a\\"b"'],
    [[], 'an empty list'],
    [[1, 2], 'a list of 2'],
    [{}, 'an empty map'],
    [{ a: 1, b: 2 }, 'a map with a, b'],
    ['x'.repeat(100), `"${'x'.repeat(60)}…"`],
  ])('%j', (value, text) => expect(formatValue(value)).toBe(text));

  it('leaves no control characters', () => expect(shorten('a\u001b[31m\nb')).toBe('a\\x1b[31m\\x0ab'));
});

describe('printable', () => {
  it('escapes control characters and cuts nothing off', () =>
    expect(printable(`${'x'.repeat(100)}\u001b]0;\u0007é`)).toBe(`${'x'.repeat(100)}\\x1b]0;\\x07é`));
});

describe('nearest', () => {
  const keys = ['name', 'learning_rate', 'momentum', 'kernel', 'batch_size', 'epochs'];
  it.each([
    ['nmae', 'name'],
    ['momentun', 'momentum'],
    ['learningRate', 'learning_rate'],
    ['batchsize', 'batch_size'],
    ['kernel_size', 'kernel'],
    ['Epoch', 'epochs'],
    ['betas', undefined],
    ['x', undefined],
    ['nam3', 'name'],
    ['', undefined],
  ])('%s', (word, expected) => expect(nearest(word, keys)).toBe(expected));

  it.each([
    ['lr', ['learning_rate', 'momentum'], 'learning_rate'],
    ['Conv2d', ['conv', 'linear'], 'conv'],
    ['cuda', ['onnxruntime-cpu', 'onnxruntime-cuda'], 'onnxruntime-cuda'],
    ['train', ['run', 'eval'], 'run'],
    ['lr', ['momentum'], undefined],
  ])('knows what others call it: %s', (word, known, expected) => expect(nearest(word, known)).toBe(expected));

  it('is quick with a very long word', () => expect(nearest('y'.repeat(1_000_000), keys)).toBe(undefined));

  it('takes the closest', () => expect(nearest('conv22', ['conv1', 'conv2', 'conv222'])).toBe('conv2'));
});

describe('editDistance', () => {
  it.each([
    ['', '', 0],
    ['abc', '', 3],
    ['kitten', 'sitting', 3],
    ['ab', 'ba', 1],
    ['adma', 'adam', 1],
  ])('%s → %s', (a, b, distance) => {
    expect(editDistance(a, b)).toBe(distance);
    expect(editDistance(b, a)).toBe(distance);
  });
});
