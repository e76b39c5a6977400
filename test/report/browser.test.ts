import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { comparisonPage } from '../../src/report/comparison_page.js';
import { runPage } from '../../src/report/run_page.js';
import { writeReport } from '../../src/report/write_report.js';
import { compareRuns, openRuns } from '../../src/runs/compare.js';
import { openRun } from '../../src/runs/open_run.js';
import { launchChromium, openFile, whyNoChromium } from '../helpers/chromium.js';
import { ENVIRONMENT, makeRun } from '../helpers/make_run.js';
import { temporaryDirectory } from '../helpers/temporary_directory.js';

const reason = whyNoChromium();

/** What tests ask of a page. It is text, as it runs in the browser. */
const ask = <T>(page: Page, expression: string) => page.evaluate(expression) as Promise<T>;
const texts = (page: Page, selector: string) =>
  ask<string[]>(
    page,
    `[...document.querySelectorAll(${JSON.stringify(selector)})].map((e) => e.textContent)`,
  );

/** Strings that end up as something else wherever they are not escaped. */
const HOSTILE = `</title></style></script><script>alert(1)</script><img src=x onerror=alert(2)>" onload='alert(3)'\u2028\u202e&lt;`;

describe.skipIf(reason !== null)(`in Chromium${reason === null ? '' : ` (skipped: ${reason})`}`, () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(() => browser.close());

  async function report(): Promise<string> {
    const run = join(temporaryDirectory(), 'run');
    await makeRun(run);
    return (await writeReport(run)).report;
  }

  test.each(['light', 'dark'] as const)(
    'a report in %s: charts, tables, images, nothing fetched',
    async (scheme) => {
      const { page, incidents } = await openFile(browser, await report(), scheme);
      expect(await texts(page, '.chart h3')).toEqual([
        'Loss',
        'Accuracy',
        'Learning rate',
        'Training speed, images per second',
        'Reliability of the probabilities',
      ]);
      expect(await texts(page, '#curves .chart:first-child .legend li')).toEqual([
        'train, weighted sum',
        'train, head',
        'train, main output',
        'test, main output',
      ]);
      const strokes = await ask<string[]>(
        page,
        `[...document.querySelectorAll('#curves .chart:first-child path[stroke-width]')].map((e) => getComputedStyle(e).stroke)`,
      );
      // Lines have the colours of the scheme.
      expect(new Set(strokes).size).toBe(4);
      expect(strokes).toContain(scheme === 'light' ? 'rgb(11, 92, 173)' : 'rgb(122, 184, 255)');
      const background = 'getComputedStyle(document.body).backgroundColor';
      expect(await ask(page, background)).toBe(scheme === 'light' ? 'rgb(255, 255, 255)' : 'rgb(20, 23, 27)');
      const images = await ask<number[]>(page, '[...document.images].map((image) => image.naturalWidth)');
      expect(images).toEqual([32, 32, 32, 32, 32]);
      expect(await texts(page, '.confusion tbody tr:nth-child(1) > *')).toEqual([
        'disc',
        '0',
        '3',
        ...Array(6).fill('0'),
      ]);
      expect(await texts(page, '.facts dd')).toContain(
        '75.00 %15 of 20 images; chosen on the test set: the figure is optimistic',
      );
      expect((await page.screenshot()).length).toBeGreaterThan(10_000);
      expect(incidents).toEqual([]);
      await page.close();
    },
  );

  test('on a telephone, nothing is wider than the screen', async () => {
    const { page } = await openFile(browser, await report(), 'light', 360);
    expect(await ask(page, 'document.documentElement.scrollWidth')).toBe(360);
    await page.close();
  });

  test('what a screen reader meets: one h1, named sections, charts and tables', async () => {
    const { page } = await openFile(browser, await report());
    const tree = await page.locator('body').ariaSnapshot();
    expect(tree.match(/heading .*\[level=1\]/g)).toHaveLength(1);
    expect(tree).toContain('- region "Classes"');
    expect(tree).toMatch(
      /img "Line chart of accuracy by epoch\. train: from 5 % to 70 %, .*test: from 5 % to 75 %/,
    );
    expect(tree).toMatch(/- row "conv1 conv 6 × 8 × 8 168 [\d,]+"/);
    const unnamed = `[...document.querySelectorAll('td')].filter((cell) => !cell.parentElement.querySelector('th[scope=row]')).length`;
    expect(await ask(page, unnamed)).toBe(0);
    await page.close();
  });

  test('hostile names stay text', async () => {
    const directory = join(temporaryDirectory(), 'run');
    await makeRun(directory, { environment: { ...ENVIRONMENT, [HOSTILE]: HOSTILE, command: [HOSTILE] } });
    const run = await openRun(directory);
    const { plan } = run;
    const hostile = {
      ...run,
      missing: [HOSTILE],
      paths: { ...run.paths, directory: HOSTILE },
      plan: {
        ...plan,
        config: { ...plan.config, name: HOSTILE },
        dataset: { ...plan.dataset, classes: plan.dataset.classes.map((name) => name + HOSTILE) },
        network: {
          ...plan.network,
          layers: plan.network.layers.map((layer) => ({ ...layer, name: HOSTILE })),
        },
      },
    };
    const pages = [
      runPage(hostile, { unavailable: HOSTILE }),
      comparisonPage([hostile, hostile], compareRuns([hostile, hostile])),
    ];
    for (const text of pages) {
      const file = join(temporaryDirectory(), 'page.html');
      writeFileSync(file, text);
      const { page, incidents } = await openFile(browser, file);
      expect(incidents).toEqual([]);
      expect(await ask(page, 'document.scripts.length + document.images.length')).toBe(0);
      const shown = HOSTILE.replace('\u2028', '\\u{2028}').replace('\u202e', '\\u{202e}');
      expect((await texts(page, 'main, header')).join()).toContain(shown);
      await page.close();
    }
  });

  test('the policy of the page would stop a script that got in', async () => {
    const file = join(temporaryDirectory(), 'page.html');
    const run = join(temporaryDirectory(), 'run');
    await makeRun(run);
    const text = runPage(await openRun(run), { unavailable: '' });
    writeFileSync(
      file,
      text.replace(
        '<main>',
        '<main><script>document.title = "broken"</script><img src="http://127.0.0.1:9/x">',
      ),
    );
    const { page, incidents } = await openFile(browser, file);
    expect(await page.title()).toBe('tiny: gnet report');
    expect(incidents.filter((incident) => incident.includes('Content Security Policy'))).toHaveLength(2);
    await page.close();
  });

  test('a comparison: overlaid curves and the verdict', async () => {
    const directories = ['a', 'b', 'c', 'd'].map((name) => join(temporaryDirectory(), name));
    for (const [index, directory] of directories.entries()) {
      const changes = {
        seed: index,
        ...(index < 2 ? {} : { training: { epochs: 2, batch_size: 8, shuffle: false } }),
      };
      await makeRun(directory, { changes, isRight: (image) => image < 10 + 2 * index });
    }
    const runs = await openRuns(directories);
    const file = join(temporaryDirectory(), 'compare.html');
    writeFileSync(file, comparisonPage(runs, compareRuns(runs)));
    const { page, incidents } = await openFile(browser, file, 'dark');
    const legends = await texts(page, '#curves .chart:first-child .legend li');
    expect(legends).toEqual(directories);
    const lines = `[...document.querySelectorAll('#curves .chart:first-child path[stroke-width="2"]')].map((e) => e.getAttribute('stroke-dasharray'))`;
    expect(new Set(await ask<string[]>(page, lines)).size).toBe(4);
    expect(await texts(page, '.verdict')).toEqual([expect.stringContaining("Welch's t-test")]);
    expect(await texts(page, '#config tbody th')).toEqual(['seed', 'training.shuffle']);
    expect(incidents).toEqual([]);
    await page.close();
  });
});
