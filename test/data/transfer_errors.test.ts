import { describe, expect, it } from 'vitest';
import {
  describe as inWords,
  isUnreachable,
  mayRetry,
  ResponseError,
} from '../../src/data/transfer_errors.js';
import { UserError } from '../../src/errors.js';

const coded = (code: string, message = ''): Error => Object.assign(new Error(message), { code });

describe('mayRetry', () => {
  it.each([
    [new ResponseError(undefined, 'short', undefined), true],
    [new ResponseError(500, '', undefined), true],
    [new ResponseError(408, '', undefined), true],
    [new ResponseError(429, '', undefined), true],
    [new ResponseError(416, '', undefined), true],
    [new ResponseError(403, '', undefined), false],
    [new ResponseError(302, '', undefined), false],
    [coded('ECONNRESET'), true],
    [coded('UND_ERR_SOCKET'), true],
    [coded('DEPTH_ZERO_SELF_SIGNED_CERT'), false],
    [coded('ERR_TLS_CERT_ALTNAME_INVALID'), false],
    [new UserError('full'), false],
    [new TypeError('a bug'), false],
  ])('%s: %s', (error, expected) => expect(mayRetry(error)).toBe(expected));
});

it('isUnreachable: no server answered', () => {
  expect([coded('ENOTFOUND'), coded('ECONNREFUSED'), coded('ECONNRESET')].map(isUnreachable)).toEqual([
    true,
    true,
    false,
  ]);
});

it.each([
  [new ResponseError(404, '', undefined), 'HTTP 404 Not Found'],
  [new ResponseError(416, 'again', undefined), 'HTTP 416 Range Not Satisfiable: again'],
  [new ResponseError(undefined, 'expected 2 bytes, got 1', undefined), 'expected 2 bytes, got 1'],
  [coded('ECONNREFUSED'), 'ECONNREFUSED'],
  [coded('ENOTFOUND', 'getaddrinfo ENOTFOUND host'), 'getaddrinfo ENOTFOUND host'],
  [coded('UND_ERR_SOCKET', 'other side closed'), 'other side closed (UND_ERR_SOCKET)'],
])('describes %s', (error, expected) => expect(inWords(error)).toBe(expected));
