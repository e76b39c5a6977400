import { STATUS_CODES } from 'node:http';
import { systemErrorCode, UserError } from '../errors.js';

/** An answer that did not bring the file (or not all of it). */
export class ResponseError extends Error {
  constructor(
    /** The HTTP status; undefined where the transfer itself went wrong. */
    readonly status: number | undefined,
    detail: string,
    /** How long the server asks to wait before the next request; undefined where it does not say. */
    readonly retryAfterMs: number | undefined,
  ) {
    super(
      [status === undefined ? undefined : `HTTP ${status} ${STATUS_CODES[status] ?? ''}`.trim(), detail]
        .filter(Boolean)
        .join(': '),
    );
    this.name = 'ResponseError';
  }
}

/** Whether the same request may succeed later. */
export function mayRetry(error: unknown): boolean {
  if (error instanceof UserError) return false;
  if (!(error instanceof ResponseError)) {
    const code = systemErrorCode(error);
    // A certificate that is not trusted now will not be in a second either.
    return code !== undefined && !/CERT|^ERR_TLS|^ERR_SSL|^UND_ERR_INVALID/.test(code);
  }
  const { status } = error;
  if (status === undefined || status < 300) return true;
  return status >= 500 || status === 408 || status === 429 || status === 416;
}

/** Whether no server was reached at all: more attempts within seconds seldom help. */
export function isUnreachable(error: unknown): boolean {
  return UNREACHABLE.has(systemErrorCode(error) ?? '');
}

const UNREACHABLE = new Set([
  'ENOTFOUND',
  'EAI_AGAIN',
  'ECONNREFUSED',
  'ENETUNREACH',
  'EHOSTUNREACH',
  'EADDRNOTAVAIL',
  'ETIMEDOUT',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** What went wrong, in words, with the code that can be searched for. */
export function describe(error: unknown): string {
  const code = systemErrorCode(error);
  const message = error instanceof Error && error.message !== '' ? error.message : undefined;
  if (message === undefined) return code ?? String(error);
  return code === undefined || message.includes(code) ? message : `${message} (${code})`;
}
