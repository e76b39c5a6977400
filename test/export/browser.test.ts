import { readFile } from 'node:fs/promises';
import type { RequestListener } from 'node:http';
import { extname, join, resolve } from 'node:path';
import { expect, test, vi } from 'vitest';
import { openProgram } from '../../src/backends/open_program.js';
import { exportCheckpoint } from '../../src/export/export.js';
import { openCheckpoint } from '../../src/inference/open_checkpoint.js';
import { expectAllClose } from '../helpers/all_close.js';
import { launchChromium, whyNoChromium } from '../helpers/chromium.js';
import { startServer } from '../helpers/http_server.js';
import { randomBatch } from '../helpers/programs.js';
import { temporaryDirectory } from '../helpers/temporary_directory.js';
import { trainTiny } from '../helpers/train_tiny.js';

vi.mock('../../src/terminal/screen.js', () => import('../helpers/plain_stages.js'));

const TYPES: Record<string, string> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.json': 'application/json',
};

/** Serves files below a directory, TensorFlow.js from its package, and a page that loads it. */
function site(directory: string): RequestListener {
  const tfjs = resolve('node_modules/@tensorflow/tfjs/dist/tf.min.js');
  return (request, response) => {
    const path = new URL(request.url!, 'http://localhost').pathname;
    const content =
      path === '/'
        ? Promise.resolve(Buffer.from('<!doctype html><title>gnet</title><script src="/tf.min.js"></script>'))
        : readFile(path === '/tf.min.js' ? tfjs : join(directory, path));
    content.then(
      (bytes) =>
        response
          .setHeader('content-type', TYPES[extname(path) || '.html'] ?? 'application/octet-stream')
          .end(bytes),
      () => response.writeHead(404).end(),
    );
  };
}

/** What the page has: TensorFlow.js as a script brings it. */
interface Page {
  tf: typeof import('@tensorflow/tfjs');
}

const missing = whyNoChromium();

test.skipIf(missing)(
  `an exported graph model runs in a browser page${missing ? ` (${missing})` : ''}`,
  async () => {
    const directory = temporaryDirectory();
    const run = join(directory, 'run');
    await trainTiny(run, { input: { resize: 40 } });
    await exportCheckpoint({ source: run, format: 'tfjs', output: undefined, force: false });
    const { plan, state } = await openCheckpoint(run);
    const batch = randomBatch(plan, 3, 1);
    const program = await openProgram(plan, 'onnxruntime-cpu', 1, state);
    const { probabilities } = await program.evaluate(batch);
    program.dispose();

    const server = await startServer(site(join(run, 'export/tfjs')));
    const browser = await launchChromium();
    try {
      const page = await browser.newPage();
      const problems: string[] = [];
      page.on('pageerror', (error) => problems.push(error.message));
      await page.goto(server.url);
      const answers = await page.evaluate(
        async ({ planes, backends }) => {
          const { tf } = globalThis as unknown as Page;
          const results: { backend: string; classes: unknown; probabilities: number[] }[] = [];
          for (const backend of backends) {
            if (!(await tf.setBackend(backend))) continue;
            const model = await tf.loadGraphModel('/model.json');
            const pixels = tf.tensor4d(planes, [3, 3, 32, 32], 'int32').transpose([0, 2, 3, 1]);
            const result = model.execute(
              { images: pixels },
              'probabilities',
            ) as import('@tensorflow/tfjs').Tensor;
            const { classes } = (model as unknown as { metadata: { classes: string } }).metadata;
            results.push({
              backend,
              classes: JSON.parse(classes),
              probabilities: [...(await result.data())],
            });
          }
          return results;
        },
        { planes: [...batch.images], backends: ['webgl', 'cpu'] },
      );
      expect(problems).toEqual([]);
      expect(answers.map(({ backend }) => backend)).toContain('cpu');
      for (const answer of answers) {
        expect(answer.classes).toEqual(plan.dataset.classes);
        expectAllClose(answer.probabilities, probabilities, { absolute: 1e-4 });
      }
    } finally {
      await browser.close();
      await server.close();
    }
  },
);
