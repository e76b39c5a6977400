import { expect, test } from 'vitest';
import { crc32c } from '../../src/logging/crc32c.js';

// RFC 3720, B.4, and the check value of the Castagnoli CRC.
test.each([
  ['nothing', new Uint8Array(0), 0],
  ['"123456789"', Buffer.from('123456789'), 0xe3069283],
  ['32 bytes of zeros', new Uint8Array(32), 0x8a9136aa],
  ['32 bytes of ones', new Uint8Array(32).fill(0xff), 0x62a8ab43],
  ['32 incrementing bytes', Uint8Array.from({ length: 32 }, (_, i) => i), 0x46dd794e],
  ['32 decrementing bytes', Uint8Array.from({ length: 32 }, (_, i) => 31 - i), 0x113fdb5c],
])('CRC-32C of %s', (_, bytes, expected) => {
  expect(crc32c(bytes)).toBe(expected);
});
