import { copyFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { loadPlan } from '../../src/config/load_plan.js';
import { Interrupted } from '../../src/errors.js';
import { lookAtFiles } from '../../src/survey/look_at_files.js';
import type { Survey } from '../../src/survey/survey.js';
import { launchChromium, openFile, whyNoChromium } from '../helpers/chromium.js';
import { gnet } from '../helpers/gnet.js';
import { writePhotos } from '../helpers/photos.js';
import { temporaryDirectory } from '../helpers/temporary_directory.js';
import { tinyConfig } from '../helpers/tiny_config.js';

/** A folder with a file that cannot be read, a copy and a turned image, and its config. */
async function folder(): Promise<string> {
  const cwd = temporaryDirectory();
  const photos = join(cwd, 'photos');
  await writePhotos(photos, ['ant', 'bee'], 10);
  copyFileSync(join(photos, 'ant/0.png'), join(photos, 'bee/copy.png'));
  writeFileSync(join(photos, 'bee/broken.jpg'), 'no image');
  const red = sharp({ create: { width: 20, height: 30, channels: 3, background: 'red' } });
  await red.withMetadata({ orientation: 8 }).jpeg().toFile(join(photos, 'ant/turned.jpg'));
  const dataset = { type: 'image_folder', root: 'photos', unreadable: 'skip' };
  writeFileSync(join(cwd, 'own.yaml'), tinyConfig({ dataset, input: { resize: 16 } }));
  return cwd;
}

test('a folder: counts, files, duplicates; exit code 1 where training would fail', async () => {
  const cwd = await folder();
  const skipped = await gnet(['data', 'own.yaml', '--json'], { cwd });
  expect(skipped.code).toBe(0);
  const survey = JSON.parse(skipped.stdout) as Survey;
  const counted = survey.classes.map(({ name, count }) => [
    name,
    count.train + count.validation + count.test,
  ]);
  expect(counted).toEqual([
    ['ant', 11],
    ['bee', 11],
  ]);
  expect(survey.files).toMatchObject({ files: 22, formats: { png: 11, jpeg: 11 }, turned_by_exif: 1 });
  expect(survey.files!.width.most).toBe(30);
  expect(survey.unreadable).toMatchObject([{ path: 'bee/broken.jpg' }]);
  expect(survey.duplicates.different_classes.shown[0]!.images.join()).toMatch(
    /^ant\/0\.png \(\w+\),bee\/copy\.png \(\w+\)$/,
  );
  expect(survey.problems).toEqual([]);
  const failing = await gnet(['data', 'own.yaml', '--set', 'dataset.unreadable=error'], { cwd });
  expect(failing.code).toBe(1);
  expect(failing.stdout).toMatch(/Training would fail:\n {2}1 image cannot be read: repair or remove/);
  expect(failing.stdout).toMatch(/ {2}photos\/bee\/broken\.jpg: expected a PNG/);
  const twice = await gnet(['data', 'own.yaml', '--set', 'dataset.duplicates=error', '--set', 'seed=1'], {
    cwd,
  });
  const isAcross = twice.stdout.includes('across splits');
  expect([twice.code, twice.stdout.includes('expected splits without common images')]).toEqual(
    isAcross ? [1, true] : [0, false],
  );
});

test('the channels are those of the training images', async () => {
  const cwd = temporaryDirectory();
  writeFileSync(
    join(cwd, 'tiny.yaml'),
    tinyConfig({ dataset: { type: 'shapes', limit: { train: 9, test: 2 } } }),
  );
  const { code, stdout } = await gnet(['data', 'tiny.yaml', '--json'], { cwd });
  const { normalize, files, classes } = JSON.parse(stdout) as Survey;
  expect([code, files, classes.length, normalize!.images]).toEqual([0, null, 8, 8]);
  expect(normalize!.mean.every((mean) => mean > 0.3 && mean < 0.7)).toBe(true);
});

test('stops where it is asked to', async () => {
  const cwd = await folder();
  const { plan } = await loadPlan(join(cwd, 'own.yaml'), [`dataset.root=${join(cwd, 'photos')}`]);
  const output = { progress: () => undefined, line: () => undefined };
  await expect(lookAtFiles(plan, output, AbortSignal.abort())).rejects.toThrow(Interrupted);
});

const missing = whyNoChromium();
describe.skipIf(missing !== null)(`in Chromium${missing === null ? '' : ` (skipped: ${missing})`}`, () => {
  test('the page: examples before and after, nothing fetched; another file is not replaced', async () => {
    const cwd = await folder();
    const args = ['data', 'own.yaml', '--html', 'images.html'];
    expect(await gnet(args, { cwd })).toMatchObject({ code: 0 });
    const browser = await launchChromium();
    try {
      const { page, incidents } = await openFile(browser, join(cwd, 'images.html'), 'dark', 500);
      const tree = await page.locator('body').ariaSnapshot();
      expect(tree).toContain('heading "Images of tiny" [level=1]');
      expect(tree).toContain('img "bee, augmented, image 4"');
      expect(tree).toMatch(/photos\/bee\/broken\.jpg: expected a PNG/);
      const loaded = 'Array.from(document.images, (image) => image.naturalWidth)';
      expect(await page.evaluate(loaded)).toEqual(Array(16).fill(16));
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(500);
      expect(incidents).toEqual([]);
    } finally {
      await browser.close();
    }
    const notes = readFileSync(join(cwd, 'own.yaml'), 'utf8');
    const refused = await gnet(['data', 'own.yaml', '--html', 'own.yaml'], { cwd });
    expect(refused.code).toBe(2);
    expect(refused.stderr).toMatch(/^--html own\.yaml: expected a new file or an earlier page of gnet data/);
    expect(readFileSync(join(cwd, 'own.yaml'), 'utf8')).toBe(notes);
    expect(existsSync(join(cwd, 'images.html'))).toBe(true);
  });
});
