import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface TestServer {
  readonly url: string;
  /** Every request so far. */
  readonly requests: IncomingMessage[];
  close(): Promise<void>;
}

/** An HTTP server on 127.0.0.1; the handler of request n is handlers[n], and the last one from then on. */
export async function startServer(...handlers: RequestListener[]): Promise<TestServer> {
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    requests.push(request);
    handlers[Math.min(requests.length, handlers.length) - 1]!(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Serves `content`, with ranges (RFC 9110) where `etag` is the one that If-Range names. */
export function serve(content: Uint8Array, etag = '"1"'): RequestListener {
  return (request, response) => {
    const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
    const condition = request.headers['if-range'];
    response.setHeader('etag', etag);
    if (start === 0 || (condition !== undefined && condition !== etag)) {
      response.writeHead(200, { 'content-length': content.length }).end(content);
    } else if (start >= content.length) {
      response.writeHead(416, { 'content-range': `bytes */${content.length}` }).end();
    } else {
      const range = `bytes ${start}-${content.length - 1}/${content.length}`;
      response
        .writeHead(206, { 'content-range': range, 'content-length': content.length - start })
        .end(content.subarray(start));
    }
  };
}

/** Promises all of `content` and breaks the connection after `bytes`. */
export function breakAfter(content: Uint8Array, bytes: number, etag = '"1"'): RequestListener {
  return (_, response) => {
    response.writeHead(200, { 'content-length': content.length, etag });
    // Sends what was written before it closes, where destroy() may drop it.
    response.write(content.subarray(0, bytes), () => response.socket?.destroySoon());
  };
}

export function status(code: number, headers: Record<string, string> = {}): RequestListener {
  return (_: IncomingMessage, response: ServerResponse) => void response.writeHead(code, headers).end();
}
