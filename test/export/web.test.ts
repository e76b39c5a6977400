import { join } from 'node:path';
import sharp from 'sharp';
import { expect, test, vi } from 'vitest';
import { exportCheckpoint } from '../../src/export/export.js';
import type { Predicted } from '../../src/inference/classify_images.js';
import { predictImages } from '../../src/inference/predict.js';
import { launchChromium, openFile, whyNoChromium } from '../helpers/chromium.js';
import { TestRandom } from '../helpers/random.js';
import { temporaryDirectory } from '../helpers/temporary_directory.js';
import { trainTiny } from '../helpers/train_tiny.js';

vi.mock('../../src/terminal/screen.js', () => import('../helpers/plain_stages.js'));

const missing = whyNoChromium();

test.skipIf(missing !== null)(
  `the exported page says in Chromium, from disk, what gnet predict says${missing === null ? '' : ` (skipped: ${missing})`}`,
  async () => {
    const directory = temporaryDirectory();
    const run = join(directory, 'run');
    await trainTiny(run, { input: { resize: 40 }, optimizer: { type: 'adam', learning_rate: 0.02 } });
    // Larger, smaller, turned, and partly transparent.
    const noise = (height: number, width: number, channels: 3 | 4, seed: number) =>
      sharp(Uint8Array.from(new TestRandom(seed).integers([height, width, channels], 0, 255).values), {
        raw: { height, width, channels },
      });
    const files = ['large.png', 'small.webp', 'turned.jpg', 'clear.png'].map((name) => join(directory, name));
    await noise(90, 70, 3, 1).blur(4).toFile(files[0]!);
    await noise(20, 25, 3, 2).webp({ lossless: true }).toFile(files[1]!);
    const flat = { create: { width: 64, height: 48, channels: 3 as const, background: '#c04020' } };
    const corner = await sharp({ create: { ...flat.create, width: 32, background: '#2040c0' } })
      .png()
      .toBuffer();
    const turned = sharp(flat).composite([{ input: corner, left: 0, top: 0 }]);
    await turned
      .jpeg({ quality: 100, chromaSubsampling: '4:4:4' })
      .withMetadata({ orientation: 6 })
      .toFile(files[2]!);
    const clear = {
      create: { width: 50, height: 50, channels: 4 as const, background: { r: 200, g: 0, b: 0, alpha: 0 } },
    };
    await sharp(clear)
      .composite([{ input: corner, left: 4, top: 1 }])
      .png()
      .toFile(files[3]!);
    const predicted = await predictImages({
      source: run,
      images: files,
      topK: 8,
      backend: undefined,
      threads: 1,
    });
    const output = join(directory, 'page.html');
    const { verified } = await exportCheckpoint({ source: run, format: 'web', output, force: false });
    expect(verified).toMatch(/^TensorFlow\.js: logits of the first 4 test images within/);

    const browser = await launchChromium();
    try {
      for (const backend of ['webgl', 'wasm', 'cpu']) {
        const { page, incidents } = await openFile(browser, `${output}`, 'dark', 400);
        await page.goto(`${page.url()}#backend=${backend}`);
        await page.reload();
        const status = page.getByRole('status');
        for (const [index, file] of files.entries()) {
          const { predictions } = predicted.images[index] as Predicted;
          await page.getByLabel('Drop an image here, or choose one').setInputFiles(file);
          await status
            .filter({ hasText: /^\S+: .*%$/ })
            .filter({ hasText: `${file.split('/').at(-1)}: ` })
            .waitFor();
          const answers = (await page.evaluate(
            `[...document.querySelectorAll('#answers tr')].map((row) => [row.firstChild.textContent, Number(row.lastChild.dataset.probability)])`,
          )) as [string, number][];
          expect(answers).toHaveLength(8);
          for (const { class: name, probability } of predictions) {
            const answer = answers.find(([each]) => each === name)![1];
            expect(Math.abs(answer - probability), `${backend}, ${file}, ${name}`).toBeLessThan(1e-3);
          }
        }
        expect(await page.locator('#backend').textContent()).toContain(`TensorFlow.js (${backend})`);
        const tree = await page.locator('main').ariaSnapshot();
        expect(tree).toContain('heading "tiny" [level=1]');
        expect(tree).toContain('img "clear.png"');
        expect(tree).toContain('button "Use the camera"');
        expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(400);
        expect(incidents.filter((each) => !/GPU stall|file:.*#backend/.test(each))).toEqual([]);
        await page.close();
      }
    } finally {
      await browser.close();
    }
  },
);
