import { type FileHandle, open } from 'node:fs/promises';
import type { Dispatcher } from 'undici';
import { UserError } from '../errors.js';
import { fileError } from '../storage/file_error.js';
import type { Part } from './part.js';
import { ResponseError } from './transfer_errors.js';

/** State of one transfer: bytes of the whole file that are here, all of them if known, and the rate just now. */
export interface Progress {
  readonly received: number;
  readonly total: number | undefined;
  readonly bytesPerSecond: number;
}

export interface TransferOptions {
  readonly url: URL;
  readonly part: Part;
  /** Anything larger is refused; bytes. */
  readonly maxBytes: number | undefined;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: ((progress: Progress) => void) | undefined;
}

const MAX_REDIRECTIONS = 5;
const PROGRESS_EVERY_MS = 100;

/**
 * What sends the requests: proxies from HTTP_PROXY, HTTPS_PROXY and NO_PROXY, and an end to connections that stay
 * silent for `stallMs`. undici is loaded here, when a download really happens.
 */
export async function openNetwork(stallMs: number): Promise<{ dispatcher: Dispatcher; close(): void }> {
  const { EnvHttpProxyAgent, interceptors } = await import('undici');
  const agent = new EnvHttpProxyAgent({
    headersTimeout: stallMs,
    bodyTimeout: stallMs,
    connect: { timeout: stallMs },
    // Many proxies allow tunnels to port 443 only, so plain http: goes through them as ordinary requests.
    proxyTunnel: false,
  });
  return {
    dispatcher: agent.compose(interceptors.redirect({ maxRedirections: MAX_REDIRECTIONS })),
    close: () => void agent.destroy(),
  };
}

/**
 * One attempt to fetch the rest of the file over http(s), from the part's present size on. Throws ResponseError for an
 * answer that does not help, UserError where retrying is of no use, and the network's own errors.
 */
export async function transferHttp(dispatcher: Dispatcher, options: TransferOptions): Promise<void> {
  const { url, part, signal } = options;
  const { request } = await import('undici');
  const start = await part.size();
  // Bytes as they are: a decoded body would have neither the length nor the digest that is expected.
  const headers: Record<string, string> = { 'accept-encoding': 'identity', 'user-agent': 'gnet' };
  if (start > 0) {
    headers.range = `bytes=${start}-`;
    if (part.validator !== undefined) headers['if-range'] = part.validator;
  }
  const response = await request(url, { dispatcher, headers, ...(signal === undefined ? {} : { signal }) });
  try {
    const { statusCode } = response;
    const range = /^bytes (?:(\d+)-\d+|\*)\/(\d+|\*)$/.exec(header(response.headers, 'content-range') ?? '');
    const rangeTotal = range?.[2] === undefined || range[2] === '*' ? undefined : Number(range[2]);
    if (statusCode === 416 && start > 0) {
      // Either the part is already whole, or it is no beginning of what the server has now.
      if (rangeTotal !== start) {
        await part.restart(undefined);
        throw new ResponseError(statusCode, 'the server cannot continue the part, starting again', 0);
      }
      return;
    }
    if (statusCode === 206 && start > 0 && range?.[1] !== undefined) {
      if (Number(range[1]) !== start) {
        await part.restart(undefined);
        throw new ResponseError(statusCode, 'the server sent another range, starting again', 0);
      }
      return await receive(response.body, start, rangeTotal, options);
    }
    if (statusCode === 200) {
      const validator = strongValidator(response.headers);
      await part.restart(validator === undefined ? undefined : { url: url.href, validator });
      const length = header(response.headers, 'content-length');
      return await receive(response.body, 0, length === undefined ? undefined : Number(length), options);
    }
    const detail = statusCode >= 300 && statusCode < 400 ? `more than ${MAX_REDIRECTIONS} redirections` : '';
    throw new ResponseError(statusCode, detail, retryAfterMs(header(response.headers, 'retry-after')));
  } finally {
    response.body.on('error', () => undefined).destroy();
  }
}

async function receive(
  body: AsyncIterable<Uint8Array>,
  start: number,
  total: number | undefined,
  { url, part, maxBytes, onProgress }: TransferOptions,
): Promise<void> {
  const refuseAbove = (bytes: number): void => {
    if (maxBytes !== undefined && bytes > maxBytes) {
      throw new UserError(`${url.href}: expected at most ${maxBytes} bytes, got ${bytes} or more`, {
        hint: 'This is not the expected archive: check the URL.',
      });
    }
  };
  refuseAbove(total ?? 0);
  const begun = performance.now();
  let received = start;
  let reported = begun;
  const report = (now: number): void => {
    reported = now;
    const bytesPerSecond = (received - start) / Math.max(1e-3, (now - begun) / 1000);
    onProgress?.({ received, total, bytesPerSecond });
  };
  report(begun);
  const handle = await open(part.path, 'r+').catch((error) =>
    Promise.reject(fileError('write', part.path, error)),
  );
  try {
    for await (const chunk of body) {
      refuseAbove(received + chunk.length);
      await writeAt(handle, chunk, received).catch((error) =>
        Promise.reject(fileError('write', part.path, error)),
      );
      received += chunk.length;
      if (performance.now() - reported > PROGRESS_EVERY_MS) report(performance.now());
    }
  } finally {
    await handle.close();
  }
  if (total !== undefined && received !== total) {
    throw new ResponseError(undefined, `expected ${total} bytes, got ${received}`, undefined);
  }
  report(performance.now());
}

/** A write may take less than it was given. */
async function writeAt(handle: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    done += (await handle.write(bytes, done, bytes.length - done, position + done)).bytesWritten;
  }
}

function header(headers: Record<string, string | string[] | undefined>, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value[0] : value;
}

/** If-Range takes a strong ETag or a date; a weak ETag does not promise the same bytes. */
function strongValidator(headers: Record<string, string | string[] | undefined>): string | undefined {
  const etag = header(headers, 'etag');
  return etag?.startsWith('"') ? etag : header(headers, 'last-modified');
}

/** Retry-After in seconds or as a date; undefined where the server does not say. */
function retryAfterMs(value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  const wait = /^\d+$/.test(value) ? 1000 * Number(value) : Date.parse(value) - Date.now();
  return Number.isNaN(wait) ? undefined : Math.max(0, wait);
}
