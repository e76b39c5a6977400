import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { openProgram } from '../../src/backends/open_program.js';
import { openSplit } from '../../src/data/open.js';
import { planeBytes, type Source } from '../../src/data/source.js';
import { Interrupted } from '../../src/errors.js';
import type { Predicted } from '../../src/inference/classify_images.js';
import { type OpenedCheckpoint, openCheckpoint } from '../../src/inference/open_checkpoint.js';
import {
  type PredictOptions,
  predictImages,
  predictionTable,
  unreadable,
} from '../../src/inference/predict.js';
import { firstIndices } from '../../src/listing/sample.js';
import { evaluate, type Predictions } from '../../src/pipeline/evaluation.js';
import { expectAllClose } from '../helpers/all_close.js';
import { launchChromium, openFile, whyNoChromium } from '../helpers/chromium.js';
import { shown } from '../helpers/plain_stages.js';
import { writeRecordImage } from '../helpers/record_image.js';
import { temporaryDirectory } from '../helpers/temporary_directory.js';
import { trainTiny } from '../helpers/train_tiny.js';

vi.mock('../../src/terminal/screen.js', () => import('../helpers/plain_stages.js'));

const directory = mkdtempSync(join(tmpdir(), 'gnet-test-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));
const run = join(directory, 'run');
const images = join(directory, 'images');

let opened: OpenedCheckpoint;
let records: Source;
/** What eval says of each test image. */
let evaluated: Predictions;

beforeAll(async () => {
  await trainTiny(run);
  opened = await openCheckpoint(run);
  const { plan, state } = opened;
  records = await openSplit(plan, 'test');
  const program = await openProgram(plan, 'onnxruntime-cpu', 1, state);
  const output = { progress: () => {}, line: () => {} };
  const { batch_size: batchSize } = plan.config.training;
  evaluated = (await evaluate(program, records, batchSize, output, async () => false))!.predictions;
  program.dispose();
  mkdirSync(images);
  for (let i = 0; i < records.count; i++) await writeRecordImage(records, i, join(images, name(i)));
});
beforeEach(() => {
  shown.length = 0;
});

const name = (index: number) => `${String(index).padStart(2, '0')}.${index % 2 === 0 ? 'png' : 'webp'}`;

const predict = (paths: readonly string[], options: Partial<PredictOptions> = {}) =>
  predictImages({ source: run, images: paths, topK: 8, backend: undefined, threads: 1, ...options });

/** Probabilities by number of the class. */
function probabilities(image: Predicted): number[] {
  const byClass = new Map(image.predictions.map((prediction) => [prediction.class, prediction.probability]));
  return opened.plan.dataset.classes.map((each) => byClass.get(each)!);
}

const expected = (index: number) => evaluated.probabilities.subarray(8 * index, 8 * (index + 1));

test('test images as files give the probabilities of eval, to the bit', async () => {
  const result = await predict([images]);
  expect(result).toMatchObject({
    checkpoint: join(run, 'checkpoints/best'),
    step: 7,
    backend: 'onnxruntime-cpu',
  });
  // 20 images, in batches of 8, 8 and 4.
  expect(result.images.map(({ file }) => file)).toEqual(
    Array.from({ length: 20 }, (_, index) => join(images, name(index))),
  );
  for (const [index, image] of result.images.entries()) {
    expect(probabilities(image as Predicted)).toEqual([...expected(index)]);
  }
  expect(shown.at(-1)).toBe('Predict: 20 of 20 images classified');
});

test('the most probable classes come first, as many as wanted', async () => {
  const { images: all } = await predict([join(images, name(3))], { topK: 100 });
  const { predictions } = all[0] as Predicted;
  expect(predictions).toHaveLength(8);
  const sorted = [...expected(3)].toSorted((a, b) => b - a);
  expectAllClose(
    predictions.map(({ probability }) => probability),
    sorted,
  );
  const { images: two } = await predict([join(images, name(3))], { topK: 2 });
  expect(two[0]).toEqual({
    file: join(images, name(3)),
    class: predictions[0]!.class,
    predictions: predictions.slice(0, 2),
  });
});

test('files that cannot be read leave the others their answers, in their places', async () => {
  const place = temporaryDirectory();
  writeFileSync(join(place, 'broken.png'), 'no image');
  const good = (index: number) => join(images, name(index));
  const paths = [join(place, 'broken.png'), good(0), join(place, 'nowhere.png'), good(1), place];
  const result = await predict(paths);
  expect(result.images.map((image) => ('error' in image ? image.error : probabilities(image)))).toEqual([
    `${place}/broken.png: expected a PNG, JPEG, WebP, GIF, TIFF or AVIF image, got a file that begins with 6e6f2069`,
    expect.anything(),
    `cannot read ${place}/nowhere.png: no such file or directory (ENOENT)`,
    expect.anything(),
    `${place}/broken.png: expected a PNG, JPEG, WebP, GIF, TIFF or AVIF image, got a file that begins with 6e6f2069`,
  ]);
  expectAllClose(probabilities(result.images[1] as Predicted), expected(0));
  expectAllClose(probabilities(result.images[3] as Predicted), expected(1));
  expect(shown.at(-1)).toBe('Predict: 2 of 5 images classified');
});

test('another backend, a checkpoint of the run', async () => {
  const last = join(run, 'checkpoints/last');
  const result = await predict([join(images, name(5))], { source: last, backend: 'wasm' });
  expect(result).toMatchObject({ checkpoint: last, step: 14, backend: 'wasm' });
  // A learning rate of 1e-6 has changed little since step 7.
  expectAllClose(probabilities(result.images[0] as Predicted), expected(5), { absolute: 1e-3 });
});

test('as text: a table of answers, a line for each error, nothing that steers a terminal', () => {
  const prediction = (label: string, probability: number) => ({ class: label, probability });
  const results = [
    { file: 'a.png', class: 'cat', predictions: [prediction('cat', 0.91234), prediction('dog', 0.05)] },
    { file: 'b\u001b.png', error: 'b\u001b.png: broken' },
    { file: 'long\n.png', class: 'horse', predictions: [prediction('horse', 1), prediction('cat', 0)] },
  ];
  expect(predictionTable(results)).toBe(
    ['a.png         cat     91.23 %  dog  5.00 %', 'long\\x0a.png  horse  100.00 %  cat  0.00 %'].join('\n'),
  );
  expect(unreadable(results)).toEqual(['b\\x1b.png: broken']);
});

test('below the threshold an image is unknown; CSV, JSON lines, a page, directories by class', async () => {
  const all = (await predict([images])).images as Predicted[];
  const sure = all.map(({ predictions }) => predictions[0]!.probability).toSorted((a, b) => a - b);
  const threshold = sure[10]!;
  const [output, into] = [join(temporaryDirectory(), 'answers'), join(temporaryDirectory(), 'sorted')];
  writeFileSync(join(images, 'notes.txt'), 'no image');
  const options = { threshold, output, into, topK: 2 };
  const result = await predict([images], options);
  rmSync(join(images, 'notes.txt'));
  const classes = result.images.map((image) => (image as Predicted).class);
  expect(classes.filter((each) => each === 'unknown')).toHaveLength(10);
  expect(result.others).toEqual([join(images, 'notes.txt')]);
  const lines = readFileSync(join(output, 'predictions.jsonl'), 'utf8').trim().split('\n');
  expect(lines.map((line) => JSON.parse(line))).toEqual(result.images);
  const rows = readFileSync(join(output, 'predictions.csv'), 'utf8').trim().split('\r\n');
  expect(rows[0]).toBe('file,class,class_1,probability_1,class_2,probability_2,error');
  expect(rows.slice(1).map((row) => row.split(',')[1])).toEqual(classes);
  const sorted = result.images.map(({ file }, index) => `${classes[index]}/${basename(file)}`);
  const found = readdirSync(into, { recursive: true, encoding: 'utf8' }).filter((path) => path.includes('/'));
  expect(found.toSorted()).toEqual(sorted.toSorted());
  const copied = (index: number) => readFileSync(join(into, sorted[index]!));
  expect(copied(4)).toEqual(readFileSync(result.images[4]!.file));
  await expect(predict([images], options)).rejects.toThrow(
    `--output ${output}: expected a new or an empty directory, got one that holds "index.html"`,
  );
  await expect(predict([images], { threshold: 'auto' })).rejects.toThrow(
    /^--threshold auto: expected a run with/,
  );
});

test.skipIf(whyNoChromium() !== null)('the page shows the images', async () => {
  const output = join(temporaryDirectory(), 'answers');
  await predict([images], { output });
  const browser = await launchChromium();
  try {
    const { page, incidents } = await openFile(browser, join(output, 'index.html'), 'dark', 600);
    const tree = await page.locator('body').ariaSnapshot();
    for (const title of ['Most certain', 'Least certain', ...new Set(shownClasses())]) {
      expect(tree).toContain(`heading "${title}" [level=2]`);
    }
    const loaded = 'Array.from(document.images, (image) => image.naturalWidth)';
    expect(await page.evaluate(loaded)).toEqual(Array(40 + ofClasses()).fill(32));
    expect(incidents).toEqual([]);
  } finally {
    await browser.close();
  }
});

/** Twelve images of a class at most. */
const ofClasses = () => {
  const names = shownClasses();
  const count = (name: string) => names.filter((each) => each === name).length;
  return [...new Set(names)].reduce((sum, name) => sum + Math.min(12, count(name)), 0);
};

const shownClasses = () => [...evaluated.predicted].map((label) => opened.plan.dataset.classes[label]!);

test('a request to stop', async () => {
  const outcome = predict([images]).catch((error: unknown) => error);
  while (process.listenerCount('SIGINT') === 0) await setImmediate();
  process.emit('SIGINT', 'SIGINT');
  expect(await outcome).toBeInstanceOf(Interrupted);
  expect(process.listenerCount('SIGINT')).toBe(0);
});

test('every record keeps its pixels on the way through a file', async () => {
  // What "to the bit" above rests on: 20 different images.
  const bytes = planeBytes(records.image);
  const images = await records.read(firstIndices(records.count));
  const all = Array.from({ length: records.count }, (_, index) =>
    Buffer.from(images.subarray(index * bytes, (index + 1) * bytes)).toString('base64'),
  );
  expect(new Set(all).size).toBe(records.count);
});
