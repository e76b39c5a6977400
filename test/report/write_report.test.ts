import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { writeReport } from '../../src/report/write_report.js';
import { makeRun } from '../helpers/make_run.js';
import { temporaryDirectory } from '../helpers/temporary_directory.js';

let run: string;
beforeEach(() => {
  run = join(temporaryDirectory(), 'run');
});

const page = () => readFileSync(join(run, 'report.html'), 'utf8');
const ids = () => [...page().matchAll(/<section id="(\w+)"/g)].map(([, id]) => id);

test('a finished run: every section, and the images drawn anew', async () => {
  await makeRun(run);
  expect(await writeReport(run)).toEqual({ report: join(run, 'report.html'), missing: [] });
  expect(ids()).toEqual(['curves', 'classes', 'mistakes', 'layers', 'config', 'environment']);
  expect(page().match(/src="data:image\/png;base64,/g)).toHaveLength(5);
  expect(page()).toContain('75.00 %<small>15 of 20 images</small>');
});

test('it replaces an earlier report, and the same run gives the same bytes but for the names of clips', async () => {
  await makeRun(run);
  writeFileSync(join(run, 'report.html'), 'old');
  const withoutIds = () => page().replace(/zr\d+-/g, '');
  await writeReport(run);
  const first = withoutIds();
  await writeReport(run);
  expect(withoutIds()).toBe(first);
});

test('a run that has not finished', async () => {
  await makeRun(run, { epochs: 1 });
  const { missing } = await writeReport(run);
  expect(ids()).toEqual(['curves', 'layers', 'config', 'environment']);
  for (const sentence of missing) expect(page()).toContain(`<li>${sentence}</li>`);
  rmSync(run, { recursive: true });
  await makeRun(run, { epochs: 0 });
  await writeReport(run);
  expect(page()).toContain('There is nothing to draw before the first step.');
});

test('where the data set is not in place, the images are left out', async () => {
  const root = join(temporaryDirectory(), 'data');
  await makeRun(run, { changes: { dataset: { type: 'cifar10', root, limit: { train: 52, test: 20 } } } });
  const sentence = `Images are left out: cannot read ${root}/cifar-10-batches-bin/test_batch.bin: no such file or directory (ENOENT).`;
  expect(await writeReport(run)).toMatchObject({ missing: [sentence] });
  expect(page()).toContain(sentence);
  expect(page()).not.toContain('<img');
  expect(existsSync(root)).toBe(false);
  // Another data set in its place.
  mkdirSync(join(root, 'cifar-10-batches-bin'), { recursive: true });
  writeFileSync(join(root, 'cifar-10-batches-bin/test_batch.bin'), new Uint8Array(30_730_000));
  expect((await writeReport(run)).missing).toEqual([
    'Images are left out: the labels of the data set are not those of predictions.jsonl.',
  ]);
});

test('of a damaged run, the earlier report stays', async () => {
  await makeRun(run);
  writeFileSync(join(run, 'report.html'), 'old');
  writeFileSync(join(run, 'summary.json'), '{');
  await expect(writeReport(run)).rejects.toThrow('summary.json: expected JSON');
  expect(page()).toBe('old');
});

test('a long run does not make a long page', async () => {
  await makeRun(run);
  const line = { split: 'train', epoch: 1, loss: 1, main_loss: 1, aux_loss: { head: 1 }, accuracy: 0.5 };
  const lines = Array.from({ length: 50_000 }, (_, i) =>
    JSON.stringify({ ...line, step: i + 1, learning_rate: 1 / 3, images_per_second: 100 / 3 }),
  );
  writeFileSync(join(run, 'metrics.jsonl'), `${lines.join('\n')}\n`);
  await writeReport(run);
  expect(page().length).toBeLessThan(300_000);
  expect(page()).toContain('Training: each point is the mean of 256 steps.');
});

test.each([
  ['an object that cannot become text', '{"command": [{"toString": 1}], "backend": {"toString": 1}}'],
  ['nested lists', '{"command": [[[1], {"a": null}]]}'],
])('environment.json with %s is shown', async (_, environment) => {
  await makeRun(run);
  writeFileSync(join(run, 'environment.json'), environment);
  expect((await writeReport(run)).missing).toEqual([]);
  expect(ids()).toContain('environment');
});
