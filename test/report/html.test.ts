import { expect, test } from 'vitest';
import { type Content, html, trusted } from '../../src/report/html.js';

test.each<[string, Content, string]>([
  ['a tag', '<script>alert(1)</script>', '&lt;script&gt;alert(1)&lt;/script&gt;'],
  ['quotes and an ampersand', `"a" & 'b'`, '&quot;a&quot; &amp; &#39;b&#39;'],
  ['an entity', '&lt;', '&amp;lt;'],
  ['line separators', 'a\u2028b\u2029', 'a\\u{2028}b\\u{2029}'],
  ['a change of direction', 'a\u202eb\u2066', 'a\\u{202e}b\\u{2066}'],
  ['control characters', '\u0000\u001b[1m\r', '\\u{0}\\u{1b}[1m\\u{d}'],
  ['half a character', '\ud83d', '\\u{d83d}'],
  ['other writing', 'déjà 猫 😀\n\t', 'déjà 猫 😀\n\t'],
  ['a number', 0.5, '0.5'],
  ['nothing', [null, undefined], ''],
  ['a list', ['<', html`<b>${'>'}</b>`, [1]], '&lt;<b>&gt;</b>1'],
  ['HTML of our own', trusted('<svg/>'), '<svg/>'],
])('%s', (_, content, expected) => {
  expect(html`<p title="${content}">${content}</p>`.text).toBe(`<p title="${expected}">${expected}</p>`);
});
