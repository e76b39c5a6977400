import { expect, test } from 'vitest';
import { outputJson, outputText } from '../../src/terminal/output_text.js';

test('control characters are shown, line breaks and tabs stay', () => {
  expect(outputText('a\x1b[31mb\u009b5mc\x07\r\x7f\n\té 猫')).toBe(
    'a\\x1b[31mb\\x9b5mc\\x07\\x0d\\x7f\n\té 猫',
  );
});

test('JSON reads back as it was and holds no control character but its line breaks', () => {
  const value = { 'k\u009b': ['\x1b[0m', '\x7f', 'é'] };
  const text = outputJson(value);
  expect(JSON.parse(text)).toEqual(value);
  expect(text.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u);
});
