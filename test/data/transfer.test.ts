import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';
import { Part } from '../../src/data/part.js';
import { openNetwork, transferHttp } from '../../src/data/transfer.js';
import { serve, startServer, status } from '../helpers/http_server.js';
import { temporaryDirectory } from '../helpers/temporary_directory.js';

const content = randomBytes(10_000);

afterEach(() => void vi.unstubAllEnvs());

async function transfer(url: string, before?: Uint8Array): Promise<Buffer> {
  const destination = join(temporaryDirectory(), 'a');
  if (before !== undefined) await writeFile(`${destination}.part`, before);
  const part = await Part.claim(destination, url);
  const network = await openNetwork(5000);
  try {
    const options = { part, maxBytes: undefined, signal: undefined, onProgress: undefined };
    await transferHttp(network.dispatcher, { url: new URL(url), ...options });
    return await readFile(part.path);
  } finally {
    network.close();
  }
}

it('goes through the proxy of HTTP_PROXY, but not to the hosts of NO_PROXY', async () => {
  const proxy = await startServer(serve(content));
  const server = await startServer(serve(content));
  for (const name of ['http_proxy', 'HTTP_PROXY']) vi.stubEnv(name, proxy.url);
  for (const name of ['no_proxy', 'NO_PROXY']) vi.stubEnv(name, '127.0.0.1');
  // The name is resolved by the proxy, if at all.
  expect(await transfer('http://data.invalid/a')).toEqual(content);
  expect(proxy.requests.map((request) => request.url)).toEqual(['http://data.invalid/a']);
  expect(await transfer(`${server.url}/a`)).toEqual(content);
  expect([proxy.requests.length, server.requests.length]).toEqual([1, 1]);
  await Promise.all([proxy.close(), server.close()]);
});

it('asks for the bytes as they are', async () => {
  const server = await startServer((_, response) => {
    response.writeHead(200, { 'content-encoding': 'gzip' }).end(content);
  });
  expect(await transfer(server.url)).toEqual(content);
  expect(server.requests[0]!.headers['accept-encoding']).toBe('identity');
  await server.close();
});

it('drops the part where the server sends another range than it was asked for', async () => {
  const server = await startServer((_, response) => {
    response.writeHead(206, { 'content-range': 'bytes 0-9999/10000' }).end(content);
  });
  await expect(transfer(server.url, content.subarray(0, 10))).rejects.toThrow('another range');
  await server.close();
});

it.each([206, 204, 401])('does not take a %d for the file', async (code) => {
  const server = await startServer(status(code));
  await expect(transfer(server.url)).rejects.toMatchObject({ name: 'ResponseError', status: code });
  await server.close();
});

it('understands Retry-After as a date', async () => {
  const server = await startServer(
    status(503, { 'retry-after': new Date(Date.now() - 60_000).toUTCString() }),
  );
  await expect(transfer(server.url)).rejects.toMatchObject({ retryAfterMs: 0 });
  await server.close();
});
