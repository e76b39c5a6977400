import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';
import { type DownloadOptions, download } from '../../src/data/download.js';
import type { Progress } from '../../src/data/transfer.js';
import { Interrupted, UserError } from '../../src/errors.js';
import { hashOf } from '../helpers/archive_dataset.js';
import { compiledSources } from '../helpers/compiled_sources.js';
import { breakAfter, serve, startServer, status, type TestServer } from '../helpers/http_server.js';
import { startOtherProcess } from '../helpers/other_process.js';
import { temporaryDirectory } from '../helpers/temporary_directory.js';

// Larger than what socket buffers hold: when a connection breaks, some of it has arrived for certain.
const content = randomBytes(4_000_000);
const servers: TestServer[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

async function setUp(...handlers: Parameters<typeof startServer>) {
  const server = await startServer(...handlers);
  servers.push(server);
  const directory = temporaryDirectory();
  const delays: number[] = [];
  const log: string[] = [];
  const options: DownloadOptions = {
    url: `${server.url}/small.tar.gz`,
    destination: join(directory, 'small.tar.gz'),
    digest: { algorithm: 'sha256', hex: hashOf('sha256', content) },
    delay: async (ms) => void delays.push(ms),
    log: (line) => void log.push(line),
  };
  return { server, directory, options, delays, log };
}

/** toEqual() takes seconds for megabytes. */
async function expectContent(path: string): Promise<void> {
  expect(content.equals(await readFile(path))).toBe(true);
}

/** What a rejected promise was rejected with; fails where it was not. */
async function failure(promise: Promise<unknown>): Promise<Error & { hint?: string }> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(Error);
  return error as Error;
}

describe('download', () => {
  it('fetches a file, reports progress and leaves nothing else', async () => {
    const { options, directory } = await setUp(serve(content));
    const progress: Progress[] = [];
    await download({ ...options, onProgress: (p) => void progress.push(p) });
    await expectContent(options.destination);
    expect(await readdir(directory)).toEqual(['small.tar.gz']);
    expect(progress[0]).toMatchObject({ received: 0, total: content.length });
    expect(progress.at(-1)).toMatchObject({ received: content.length, total: content.length });
  });

  it('continues after a broken connection with Range and If-Range', async () => {
    const { options, server, delays } = await setUp(breakAfter(content, 3_500_000), serve(content));
    await download(options);
    await expectContent(options.destination);
    expect(server.requests[1]!.headers).toMatchObject({ 'if-range': '"1"' });
    expect(Number(/^bytes=(\d+)-$/.exec(server.requests[1]!.headers.range!)![1])).toBeGreaterThan(0);
    expect(delays).toHaveLength(1);
  });

  it('starts again where the server ignores Range, or has another version', async () => {
    for (const second of [breakAfter(content, content.length), serve(content, '"2"')]) {
      const other = Buffer.from(content).reverse();
      const { options } = await setUp(breakAfter(other, 3_500_000), second);
      await download(options);
      await expectContent(options.destination);
    }
  });

  it('an aborted download keeps its part, and the next one continues it', async () => {
    const { options, server, directory } = await setUp((_, response) => {
      response.writeHead(200, { 'content-length': content.length, etag: '"1"' });
      response.write(content.subarray(0, 100_000));
    }, serve(content));
    const controller = new AbortController();
    const stop = (): void => controller.abort();
    // The server sends no more than this; the first byte on disk is the moment to stop.
    const watch = (async () => {
      for (;;) {
        const sizes = await Promise.all(
          (await readdir(directory)).map(
            async (name) => (await readFile(join(directory, name)).catch(() => '')).length,
          ),
        );
        if (sizes.some((size) => size >= 50_000)) return stop();
        await new Promise((resolve) => setImmediate(resolve));
      }
    })();
    const error = await failure(download({ ...options, signal: controller.signal }));
    await watch;
    expect(error).toBeInstanceOf(Interrupted);
    expect((await readdir(directory)).sort()).toEqual(['small.tar.gz.part', 'small.tar.gz.part.json']);
    await download(options);
    await expectContent(options.destination);
    expect(server.requests[1]!.headers.range).toMatch(/^bytes=[1-9]\d*-$/);
    expect(await readdir(directory)).toEqual(['small.tar.gz']);
  });

  it('continues the part of a process that is gone, but not that of a living one', async () => {
    const { options, server, directory } = await setUp(serve(content));
    const host = hostname().replaceAll(/[^A-Za-z0-9-]/g, '-');
    const living = `.small.tar.gz.part.${host}.${startOtherProcess().pid}.01234567.tmp`;
    await writeFile(join(directory, living), 'mine');
    // The largest process number that Linux and macOS never reach.
    const dead = `.small.tar.gz.part.${host}.99999999.89abcdef.tmp`;
    await writeFile(join(directory, dead), content.subarray(0, 1000));
    await download(options);
    expect(server.requests[0]!.headers.range).toBe('bytes=1000-');
    expect((await readdir(directory)).sort()).toEqual([living, 'small.tar.gz']);
    await expectContent(options.destination);
  });

  it('takes a whole part for what it is (416), and drops one that is too long', async () => {
    const { options, server } = await setUp(serve(content));
    await writeFile(`${options.destination}.part`, content);
    await download(options);
    expect(server.requests).toHaveLength(1);
    await writeFile(`${options.destination}.part`, Buffer.concat([content, content]));
    await download(options);
    expect(server.requests).toHaveLength(3);
    await expectContent(options.destination);
  });

  it('does not retry a 404, and says what to do by hand', async () => {
    const { options, server, delays } = await setUp(status(404));
    const error = await failure(download(options));
    expect(error).toBeInstanceOf(UserError);
    expect(error.message).toBe(`cannot download ${options.url}: HTTP 404 Not Found`);
    expect(error.hint).toContain(options.destination);
    expect(error.hint).toContain(options.digest.hex);
    expect(error.hint).toContain('gnet run configs/quickstart.yaml');
    expect(server.requests).toHaveLength(1);
    expect(delays).toEqual([]);
  });

  it('backs off exponentially with jitter, then gives up', async () => {
    const { options, server, delays } = await setUp(status(500));
    const error = await failure(download(options));
    expect(error.message).toBe(`cannot download ${options.url}: HTTP 500 Internal Server Error (6 attempts)`);
    expect(server.requests).toHaveLength(6);
    expect(delays).toHaveLength(5);
    delays.forEach((ms, i) => {
      expect(ms).toBeGreaterThanOrEqual(250 * 2 ** i);
      expect(ms).toBeLessThanOrEqual(500 * 2 ** i);
    });
  });

  it.each([429, 503, 408])('waits as long as a %d asks for', async (code) => {
    const { options, delays } = await setUp(status(code, { 'retry-after': '7' }), serve(content));
    await download(options);
    expect(delays).toEqual([7000]);
  });

  it('does not wait for an hour', async () => {
    const { options, delays } = await setUp(status(503, { 'retry-after': '3600' }));
    expect((await failure(download(options))).message).toContain('HTTP 503 Service Unavailable');
    expect(delays).toEqual([]);
  });

  it('gives up on a silent connection and tries again', async () => {
    const { options, delays, log } = await setUp((_, response) => {
      response.writeHead(200, { 'content-length': content.length, etag: '"1"' });
      response.write(content.subarray(0, 1000));
    }, serve(content));
    await download({ ...options, stallMs: 50 });
    await expectContent(options.destination);
    expect(delays).toHaveLength(1);
    expect(log[0]).toContain('Timeout');
  });

  it('names the URL, the destination and the quickstart where nobody answers', async () => {
    const { options, server, delays } = await setUp(status(200));
    await server.close();
    servers.pop();
    const error = await failure(download(options));
    expect(error.message).toContain(`cannot download ${options.url}: `);
    expect(error.message).toContain('ECONNREFUSED');
    expect(error.hint).toContain(options.destination);
    expect(error.hint).toContain('configs/quickstart.yaml');
    expect(delays).toHaveLength(2);
  });

  it('fetches a file with the wrong digest once more, then removes it', async () => {
    const wrong = Buffer.from('something else');
    const { options, server, directory } = await setUp(serve(wrong));
    const error = await failure(download(options));
    expect(error.message).toBe(
      `${options.url}: expected sha256 ${options.digest.hex}, got ${hashOf('sha256', wrong)}`,
    );
    expect(server.requests).toHaveLength(2);
    expect(await readdir(directory)).toEqual([]);
  });

  it('recovers from a damaged part', async () => {
    const { options, server, log } = await setUp(serve(content));
    await writeFile(`${options.destination}.part`, Buffer.alloc(1000));
    await download(options);
    expect(server.requests).toHaveLength(2);
    expect(log[0]).toContain('again from the start');
    await expectContent(options.destination);
  });

  it('refuses what is larger than expected, announced or not', async () => {
    for (const handler of [
      serve(content),
      ((_, response) => void response.writeHead(200).end(content)) satisfies Parameters<
        typeof startServer
      >[0],
    ]) {
      const { options, server, directory } = await setUp(handler);
      const error = await failure(download({ ...options, maxBytes: 1000 }));
      expect(error.message).toContain('expected at most 1000 bytes');
      expect(server.requests).toHaveLength(1);
      expect((await readdir(directory)).filter((name) => name === 'small.tar.gz')).toEqual([]);
    }
  });

  it('follows redirections, but not forever', async () => {
    const { options } = await setUp(status(302, { location: '/there' }), serve(content));
    await download(options);
    await expectContent(options.destination);
    const loop = await setUp((request, response) => {
      response.writeHead(302, { location: `${request.url}x` }).end();
    });
    const error = await failure(download(loop.options));
    expect(error.message).toContain('HTTP 302 Found: more than 5 redirections');
    expect(loop.server.requests).toHaveLength(6);
  });

  it.each(['ftp://127.0.0.1/x', 'small.tar.gz'])('refuses %s', async (url) => {
    const { options } = await setUp(serve(content));
    expect((await failure(download({ ...options, url }))).message).toBe(
      `${url}: expected an http: or https: URL`,
    );
  });

  it('two at once in one process both succeed', async () => {
    const { options, directory } = await setUp(serve(content));
    await writeFile(`${options.destination}.part`, content.subarray(0, 5000));
    await Promise.all([download(options), download(options)]);
    await expectContent(options.destination);
    expect(await readdir(directory)).toEqual(['small.tar.gz']);
  });

  it('two processes at once both succeed', async () => {
    const { options, directory } = await setUp(serve(content));
    await writeFile(`${options.destination}.part`, content.subarray(0, 5000));
    const module = pathToFileURL(join(await compiledSources(), 'data/download.js')).href;
    const { url, destination, digest } = options;
    const script = `const { download } = await import(${JSON.stringify(module)});
      await download(${JSON.stringify({ url, destination, digest })});`;
    const run = () => promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script]);
    await Promise.all([run(), run()]);
    await expectContent(options.destination);
    expect(await readdir(directory)).toEqual(['small.tar.gz']);
  });
});
