import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { openProgram } from '../../src/backends/open_program.js';
import { readImage } from '../../src/data/image.js';
import { planeBytes, type Source } from '../../src/data/source.js';
import { exportCheckpoint } from '../../src/export/export.js';
import { openOnnx } from '../../src/export/onnx.js';
import { openGraphModel } from '../../src/export/tfjs.js';
import { type OpenedCheckpoint, openCheckpoint } from '../../src/inference/open_checkpoint.js';
import { predictImages } from '../../src/inference/predict.js';
import { firstIndices } from '../../src/listing/sample.js';
import type { Evaluation } from '../../src/model/program.js';
import { expectAllClose } from '../helpers/all_close.js';
import { writeRecordImage } from '../helpers/record_image.js';
import { TINY } from '../helpers/tiny_config.js';
import { dataOf } from '../helpers/tiny_plan.js';
import { trainTiny } from '../helpers/train_tiny.js';

vi.mock('../../src/terminal/screen.js', () => import('../helpers/plain_stages.js'));

/** What each way of using one trained model says of the same images. */
describe.each([
  ['colour', {}, { mean: [0.5, 0.4, 0.3], std: [0.2, 0.3, 0.4] }, 41],
  ['grey, not square', { size: [24, 40], channels: 1 }, { mean: [0.4], std: [0.3] }, 33],
  ['grey, as stored', { size: [24, 40], channels: 1 }, { mean: [0.4], std: [0.3] }, null],
])(
  'training, eval, predict and exports agree on the same images: %s',
  (_name, options, normalize, resize) => {
    const directory = mkdtempSync(join(tmpdir(), 'gnet-test-'));
    afterAll(() => rmSync(directory, { recursive: true, force: true }));
    const run = join(directory, 'run');
    const SIZE = 5;
    let opened: OpenedCheckpoint;
    let records: Source;
    let evaluation: Evaluation;
    let files: string[];
    let images: Uint8Array;

    beforeAll(async () => {
      // Resizing and normalizing are part of what must agree; dropout and heads are training's own.
      const layers = TINY.model.layers.filter(({ type }) => type !== 'dropout');
      await trainTiny(run, {
        model: { layers },
        input: { resize, normalize },
        dataset: { ...TINY.dataset, ...options },
      });
      opened = await openCheckpoint(run);
      records = (await dataOf(opened.plan)).test;
      mkdirSync(join(directory, 'images'));
      files = Array.from({ length: SIZE }, (_, i) => join(directory, `images/${i}.png`));
      for (const [index, file] of files.entries()) await writeRecordImage(records, index, file);
      images = await records.read(firstIndices(SIZE));
      const program = await openProgram(opened.plan, 'onnxruntime-cpu', 1, opened.state);
      evaluation = await program.evaluate({ size: SIZE, images, labels: records.labels.slice(0, SIZE) });
      program.dispose();
    });

    test('the images differ, and so do their probabilities', () => {
      const classes = opened.plan.dataset.classes.length;
      const rows = files.map((_, i) => [
        ...evaluation.probabilities.subarray(i * classes, (i + 1) * classes),
      ]);
      expect(new Set(rows.map(String)).size).toBe(SIZE);
    });

    test('training: the loss before an update is that of eval', async () => {
      const program = await openProgram(opened.plan, 'onnxruntime-cpu', 1, opened.state);
      const batch = { size: SIZE, images, labels: records.labels.slice(0, SIZE) };
      const { mainLoss } = await program.backward(batch, new Map());
      program.dispose();
      const mean = evaluation.losses.reduce((sum, loss) => sum + loss, 0) / SIZE;
      expectAllClose([mainLoss], [mean]);
    });

    test('predict: a file gives the pixels of its record, and its probabilities', async () => {
      for (const [index, file] of files.entries()) {
        const bytes = planeBytes(records.image);
        expect(await readImage(file, records.image)).toEqual(
          images.slice(index * bytes, (index + 1) * bytes),
        );
      }
      const options = { source: run, images: files, topK: 8, backend: undefined, threads: 1 };
      const predicted = await predictImages(options);
      const { classes } = opened.plan.dataset;
      const probabilities = predicted.images.flatMap((image) =>
        classes.map((name) =>
          'predictions' in image
            ? image.predictions.find((prediction) => prediction.class === name)!.probability
            : Number.NaN,
        ),
      );
      expect(probabilities).toEqual([...evaluation.probabilities]);
    });

    test.each([
      ['onnx', openOnnx],
      ['tfjs', openGraphModel],
    ] as const)('export as %s', async (format, open) => {
      const { output } = await exportCheckpoint({ source: run, format, output: undefined, force: false });
      const exported = await open(output, opened.plan);
      expectAllClose((await exported.predict(images, SIZE)).probabilities, evaluation.probabilities);
      await exported.release();
    });
  },
);
