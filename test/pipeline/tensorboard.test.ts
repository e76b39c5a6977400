import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { decode } from 'fast-png';
import { expect, test } from 'vitest';
import { wholeTree } from '../../src/config/network.js';
import { imageGrid } from '../../src/pipeline/image_grid.js';
import { Recorder } from '../../src/pipeline/recorder.js';
import { runPaths } from '../../src/storage/run_directory.js';
import { temporaryDirectory } from '../helpers/temporary_directory.js';
import { askTensorBoard, whyNoTensorBoard } from '../helpers/tensorboard.js';
import { dataOf, factsOf, tinyPlan } from '../helpers/tiny_plan.js';

/** Two runs that differ in their learning rate; the second was resumed. */
async function record(directory: string, name: string, learning_rate: number) {
  const paths = runPaths(join(directory, name));
  mkdirSync(paths.directory);
  const tiny = tinyPlan({ optimizer: { type: 'adam', learning_rate } });
  const plan = { ...tiny, config: { ...tiny.config, name: '```\n<b>' } };
  const { test: records } = await dataOf(plan);
  const picture = imageGrid(await records.read(Uint32Array.of(3, 1, 4)), records.image, 2);
  const means = { loss: 2, accuracy: 0.5, main_loss: 1, aux_loss: {}, count: 8, images_per_second: 9 };
  const at = { step: 7, epoch: 1, learning_rate };
  let recorder = Recorder.open(paths, null, factsOf(plan));
  const position = recorder.position();
  for (const session of [1, 2]) {
    if (session === 2) recorder = Recorder.open(paths, position, factsOf(plan));
    recorder.epoch(
      { split: 'train_epoch', ...at, ...means },
      { split: 'test', ...at, ...means, correct: 4 },
      { loss: 1.5, accuracy: learning_rate },
    );
    recorder.misclassified({ picture, text: '| a | b |\n|---|---|\n| cat | dog |' }, 7);
    recorder.histograms('gradients', new Map([['fc.bias', { data: Float32Array.of(-3, 0, 27) }]]), 7);
    if (learning_rate === 0.5) recorder.finish(7);
    recorder.close();
  }
  return { picture, plan };
}

test('TensorBoard itself shows everything, once', async ({ skip }) => {
  const why = whyNoTensorBoard();
  if (why !== null) skip(why);
  const directory = temporaryDirectory();
  const { picture, plan } = await record(directory, 'a', 0.5);
  await record(directory, 'b', 0.25);
  const sessions = {
    startIndex: 0,
    sliceSize: 10,
    allowedStatuses: ['STATUS_UNKNOWN', 'STATUS_SUCCESS', 'STATUS_FAILURE', 'STATUS_RUNNING'],
    colParams: [],
  };
  const [config, labels, images, histograms, graph, experiment, groups] = askTensorBoard(directory, [
    ['text/text?run=a&tag=config', null],
    ['text/text?run=a&tag=misclassified/labels', null],
    ['images/images?run=a&tag=misclassified/images&sample=0', null],
    ['histograms/histograms?run=a&tag=gradients/fc.bias', null],
    ['graphs/graph?run=a&conceptual=false', null],
    ['hparams/experiment', {}],
    ['hparams/session_groups', sessions],
  ]).map((text, index) => (index === 4 ? text : (JSON.parse(text) as never)));

  // One block of code, whatever the config holds.
  const html = expect.stringMatching(/^<pre><code>name: .*&lt;b&gt;[^<]*batch_size: 8[^<]*<\/code><\/pre>$/s);
  expect(config).toEqual([{ wall_time: expect.any(Number), step: 0, text: html }]);
  expect(labels).toMatchObject([{ step: 7, text: expect.stringContaining('<td>cat</td>') }]);

  expect(images).toMatchObject([{ step: 7 }]);
  const { query } = (images as unknown as [{ query: string }])[0];
  const [png] = askTensorBoard(directory, [[`images/individualImage?${query}`, null]]);
  expect(decode(Buffer.from(png!, 'latin1'))).toMatchObject({ width: picture.width, height: picture.height });

  expect(histograms).toMatchObject([[expect.any(Number), 7, { length: 30 }]]);
  const [[, , buckets]] = histograms as unknown as [[number, number, number[][]]];
  expect(buckets.filter(([, , count]) => count! > 0)).toEqual([
    ...[
      [-3, -2, 1],
      [0, 1, 1],
      [26, 27, 1],
    ],
  ]);

  const names = [...String(graph).matchAll(/^ {2}name: "(.+)"$/gm)].map(([, name]) => name);
  // What holds one stack is a scope, not a node.
  const computing = wholeTree(plan.network).filter(({ stacks }) => stacks.length !== 1);
  expect(names).toHaveLength(2 + computing.length);
  expect(names).toContain('head/fc');

  const { hparamInfos } = experiment as unknown as { hparamInfos: { name: string; differs: boolean }[] };
  expect(hparamInfos.filter(({ differs }) => differs).map(({ name }) => name)).toEqual([
    'optimizer.learning_rate',
  ]);
  const { sessionGroups } = groups as unknown as { sessionGroups: { sessions: object[]; hparams: object }[] };
  const metric = (tag: string, value: number) =>
    expect.objectContaining({ name: { group: '', tag }, value, trainingStep: 7 });
  for (const [index, [name, rate, status]] of [
    ['a', 0.5, 'STATUS_SUCCESS'] as const,
    ['b', 0.25, 'STATUS_UNKNOWN'] as const,
  ].entries()) {
    const group = sessionGroups[index]!;
    expect(group.hparams).toMatchObject({ 'optimizer.learning_rate': rate, 'model.macs': plan.macs });
    expect(group.sessions).toMatchObject([
      {
        name,
        status,
        startTimeSecs: Date.UTC(2026, 0, 2, 3, 4, 5) / 1000,
        metricValues: expect.arrayContaining([
          metric('accuracy/test_best', rate),
          metric('loss/test_best', 1.5),
          metric('accuracy/test', 0.5),
        ]),
      },
    ]);
  }
});
