import { setTimeout as wait } from 'node:timers/promises';
import { Interrupted, UserError } from '../errors.js';
import { type Digest, digestFile } from '../storage/digest.js';
import { fileError } from '../storage/file_error.js';
import { Part } from './part.js';
import { openNetwork, type Progress, type TransferOptions, transferHttp } from './transfer.js';
import { describe, isUnreachable, mayRetry, ResponseError } from './transfer_errors.js';

export interface DownloadOptions {
  /** http: or https:. */
  readonly url: string;
  /** The file to be; while it is incomplete it is kept as `<destination>.part`. */
  readonly destination: string;
  readonly digest: Digest;
  /** Anything larger is refused; bytes. */
  readonly maxBytes?: number;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
  /** Receives one line for each retry and restart. */
  readonly log?: ((line: string) => void) | undefined;
  /** Waits between attempts; milliseconds. */
  readonly delay?: (ms: number, signal: AbortSignal | undefined) => Promise<void>;
  /** A connection that stays silent for longer is given up; milliseconds. */
  readonly stallMs?: number;
}

/** Attempts without progress before giving up, and fewer where no server was reached at all. */
const ATTEMPTS = 6;
const ATTEMPTS_UNREACHABLE = 3;
/** Progress of this many bytes earns a new set of attempts: a bad line still brings a large file, bit by bit. */
const PROGRESS_BYTES = 1 << 20;
const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 30_000;
/** A server that asks for a longer wait is not waited for. */
const LONGEST_RETRY_AFTER_MS = 120_000;

/**
 * Fetches a file and checks its digest before it takes its place at `destination`, in one rename and fsynced. It
 * resumes what an earlier call left, retries with exponential back-off, and may run in several processes at once.
 * Throws UserError (unreachable, refused, wrong digest, full disk …) or Interrupted; the bytes so far are kept then.
 */
export async function download(options: DownloadOptions): Promise<void> {
  const { destination, digest, log = () => undefined } = options;
  const url = parseUrl(options.url);
  const part = await Part.claim(destination, url.href).catch((error) =>
    Promise.reject(fileError('write', destination, error)),
  );
  try {
    await fetchAll(url, part, options);
    let actual = await digestFile(part.path, digest.algorithm, options.signal);
    if (actual !== digest.hex.toLowerCase()) {
      log(
        `${url.href}: ${digest.algorithm} is ${actual}, expected ${digest.hex}: fetching it again from the start`,
      );
      await part.restart(undefined);
      await fetchAll(url, part, options);
      actual = await digestFile(part.path, digest.algorithm, options.signal);
    }
    if (actual !== digest.hex.toLowerCase()) {
      await part.discard();
      throw new UserError(`${url.href}: expected ${digest.algorithm} ${digest.hex}, got ${actual}`, {
        hint: `The source holds another file than expected, and it was removed. ${byHand(destination, digest)}`,
      });
    }
    await part.complete();
  } catch (error) {
    // The first error is the one to report.
    await part.release().catch(() => undefined);
    if (options.signal?.aborted) throw new Interrupted('download interrupted; run again to continue it');
    throw fileError('write', destination, error);
  }
}

function parseUrl(text: string): URL {
  if (URL.canParse(text)) {
    const url = new URL(text);
    if (url.protocol === 'http:' || url.protocol === 'https:') return url;
  }
  throw new UserError(`${text}: expected an http: or https: URL`, {
    hint: 'Correct the URL in the config.',
  });
}

async function fetchAll(url: URL, part: Part, options: DownloadOptions): Promise<void> {
  const { maxBytes, signal, onProgress, stallMs = 30_000 } = options;
  const transfer: TransferOptions = { url, part, maxBytes, signal, onProgress };
  const network = await openNetwork(stallMs);
  try {
    await retry(() => transferHttp(network.dispatcher, transfer), part, options);
  } finally {
    network.close();
  }
}

async function retry(attempt: () => Promise<void>, part: Part, options: DownloadOptions): Promise<void> {
  const { url, destination, digest, signal, log = () => undefined } = options;
  const delay =
    options.delay ?? ((ms, stop) => wait(ms, undefined, stop === undefined ? {} : { signal: stop }));
  let failures = 0;
  let most = await part.size();
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (error instanceof UserError || signal?.aborted) throw error;
      const size = await part.size();
      if (size >= most + PROGRESS_BYTES) failures = 0;
      most = Math.max(most, size);
      failures += 1;
      const asked = error instanceof ResponseError ? error.retryAfterMs : undefined;
      const attempts = isUnreachable(error) ? ATTEMPTS_UNREACHABLE : ATTEMPTS;
      if (!mayRetry(error) || failures >= attempts || (asked ?? 0) > LONGEST_RETRY_AFTER_MS) {
        const tried = failures > 1 ? ` (${failures} attempts)` : '';
        throw new UserError(`cannot download ${url}: ${describe(error)}${tried}`, {
          hint: byHand(destination, digest),
          cause: error,
        });
      }
      // The jitter keeps many machines that failed together from coming back together.
      const backOff =
        Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** (failures - 1)) * (0.5 + Math.random() / 2);
      const ms = Math.round(asked ?? backOff);
      log(`${url}: ${describe(error)}; next attempt in ${(ms / 1000).toFixed(1)} s`);
      await delay(ms, signal);
    }
  }
}

/** What to do where the network does not help. */
function byHand(destination: string, { algorithm, hex }: Digest): string {
  return (
    `Fetch the file on another machine and put it at ${destination} (its ${algorithm} must be ${hex}), ` +
    'or start without a download: gnet run configs/quickstart.yaml'
  );
}
