import { fromBinary } from '@bufbuild/protobuf';
import { expect, onTestFinished, test } from 'vitest';
import { parse } from 'yaml';
import { HParamsPluginDataSchema } from '../../src/logging/tensorboard_hparams_pb.js';
import { DataType } from '../../src/logging/tensorboard_pb.js';
import { type LogPosition, Recorder } from '../../src/pipeline/recorder.js';
import { type RunPaths, runPaths } from '../../src/storage/run_directory.js';
import { eventPoints, events, metricsLines } from '../helpers/run_results.js';
import { temporaryDirectory } from '../helpers/temporary_directory.js';
import { factsOf, tinyPlan } from '../helpers/tiny_plan.js';

const train = (step: number) =>
  ({
    split: 'train',
    step,
    epoch: 1,
    loss: 2.5,
    main_loss: 2,
    aux_loss: { head_a: 0.75, head_b: 0.5 },
    accuracy: 0.125,
    learning_rate: 0.5,
    images_per_second: 64,
  }) as const;
const EPOCH = { ...train(2), split: 'train_epoch', loss: 1.5, accuracy: 0.25, count: 52 } as const;
const TEST = { split: 'test', step: 2, epoch: 1, loss: 1.25, accuracy: 0.375, correct: 3, count: 8 } as const;

const TRAIN_POINTS = (step: number) => [
  `loss/train ${step} 2.5`,
  `loss/train_main ${step} 2`,
  `loss/train_head_a ${step} 0.75`,
  `loss/train_head_b ${step} 0.5`,
  `accuracy/train ${step} 0.125`,
  `learning_rate ${step} 0.5`,
  `images_per_second/train ${step} 64`,
];

const open = (paths: RunPaths, from: LogPosition | null) => {
  const recorder = Recorder.open(paths, from, factsOf());
  onTestFinished(() => recorder.close());
  return recorder;
};

/** What is written after the introduction. */
const pointsOf = (paths: RunPaths) =>
  eventPoints(paths.directory).filter((point) => !/^(config|graph|_hparams_)/.test(point));

test('the same numbers go to both logs', () => {
  const paths = runPaths(temporaryDirectory());
  const recorder = open(paths, null);
  recorder.train(train(1));
  recorder.epoch(EPOCH, TEST, { loss: 1.125, accuracy: 0.5 });
  expect(metricsLines(paths.directory)).toEqual([train(1), EPOCH, TEST]);
  expect(pointsOf(paths)).toEqual([
    ...TRAIN_POINTS(1),
    'loss/train_epoch 2 1.5',
    'loss/test 2 1.25',
    'loss/test_best 2 1.125',
    'accuracy/train_epoch 2 0.25',
    'accuracy/test 2 0.375',
    'accuracy/test_best 2 0.5',
    'images_per_second/train_epoch 2 64',
  ]);
});

test('the epochs of a run with validation images, and its test', () => {
  const paths = runPaths(temporaryDirectory());
  const recorder = open(paths, null);
  const scores = { balanced_accuracy: 0.5, macro_precision: 0.25, macro_f1: 0.125, calibration_error: 0.75 };
  const validation = { ...TEST, split: 'validation' as const, scores };
  recorder.epoch(EPOCH, validation, { loss: 1.125, accuracy: 0.5 });
  recorder.test({ ...TEST, loss: 1.75, scores });
  expect(metricsLines(paths.directory)).toEqual([EPOCH, validation, { ...TEST, loss: 1.75, scores }]);
  expect(pointsOf(paths).filter((point) => /validation|test/.test(point))).toEqual([
    'loss/validation 2 1.25',
    'loss/validation_best 2 1.125',
    'accuracy/validation 2 0.375',
    'accuracy/validation_best 2 0.5',
    'balanced_accuracy/validation 2 0.5',
    'macro_precision/validation 2 0.25',
    'macro_f1/validation 2 0.125',
    'calibration_error/validation 2 0.75',
    'loss/test 2 1.75',
    'accuracy/test 2 0.375',
    'balanced_accuracy/test 2 0.5',
    'macro_precision/test 2 0.25',
    'macro_f1/test 2 0.125',
    'calibration_error/test 2 0.75',
  ]);
});

test('both go on where a checkpoint left them, each step once', () => {
  const paths = runPaths(temporaryDirectory());
  const killed = Recorder.open(paths, null, factsOf());
  killed.train(train(1));
  const position = killed.position();
  killed.train(train(2));
  killed.train(train(3));
  killed.close();
  open(paths, position).train(train(2));
  expect(metricsLines(paths.directory)).toEqual([train(1), train(2)]);
  expect(pointsOf(paths)).toEqual([...TRAIN_POINTS(1), ...TRAIN_POINTS(2)]);
});

/** Values of the summaries in the event files, by tag. */
const summaries = (paths: RunPaths) =>
  events(paths.directory).flatMap(({ step, what }) =>
    what.case === 'summary' ? what.value.value.map((value) => ({ step: Number(step), ...value })) : [],
  );

const tensorOf = ({ value }: ReturnType<typeof summaries>[number]) => {
  if (value.case !== 'tensor') throw new Error(`expected a tensor, got ${value.case}`);
  const { dtype, tensorShape, stringVal, doubleVal } = value.value;
  const shape = tensorShape!.dim.map(({ size }) => Number(size));
  return { dtype, shape, stringVal: stringVal.map((bytes) => new TextDecoder().decode(bytes)), doubleVal };
};

test('an event file begins with the config, the graph and the hyperparameters, resumed or not', () => {
  const paths = runPaths(temporaryDirectory());
  const begun = Recorder.open(paths, null, factsOf());
  const position = begun.position();
  begun.finish(14); // after the checkpoint
  begun.close();
  open(paths, position).finish(14);
  expect(events(paths.directory).map(({ what }) => what.case)).toEqual([
    ...['fileVersion', 'summary', 'graphDef', 'summary', 'summary'],
  ]);
  const [config, start, end] = summaries(paths);
  expect(config).toMatchObject({ tag: 'config', step: 0, metadata: { pluginData: { pluginName: 'text' } } });
  const { dtype, shape, stringVal } = tensorOf(config!);
  expect({ dtype, shape }).toEqual({ dtype: DataType.DT_STRING, shape: [] });
  const lines = stringVal[0]!.split('\n');
  for (const line of lines) expect(line).toMatch(/^ {4}/);
  expect(parse(lines.map((line) => line.slice(4)).join('\n'))).toEqual(tinyPlan().config);

  const session = [start!, end!].map(({ metadata }) =>
    fromBinary(HParamsPluginDataSchema, metadata!.pluginData!.content),
  );
  expect([start, end].map((value) => value!.tag)).toEqual([
    ...['_hparams_/session_start_info', '_hparams_/session_end_info'],
  ]);
  expect(session[0]!.data).toMatchObject({
    case: 'sessionStartInfo',
    value: {
      startTimeSecs: Date.UTC(2026, 0, 2, 3, 4, 5) / 1000,
      hparams: {
        'optimizer.learning_rate': { kind: { case: 'numberValue', value: 0.01 } },
        'training.shuffle': { kind: { case: 'boolValue', value: true } },
        backend: { kind: { case: 'stringValue', value: 'wasm' } },
      },
    },
  });
  expect(session[1]!.data).toMatchObject({ case: 'sessionEndInfo', value: { status: 1 } });
});

test('pictures, their labels and histograms', () => {
  const paths = runPaths(temporaryDirectory());
  const recorder = open(paths, null);
  const png = Uint8Array.of(1, 2, 3);
  recorder.misclassified({ picture: { width: 5, height: 7, png }, text: '| a |' }, 3);
  recorder.misclassified({ picture: null, text: 'none' }, 4);
  recorder.histograms('weights', new Map([['fc.bias', { data: Float32Array.of(0, 30, 30) }]]), 5);
  const [picture, labels, none, weights, ...others] = summaries(paths).slice(2);
  expect(others).toEqual([]);
  expect(picture).toMatchObject({ tag: 'misclassified/images', step: 3 });
  expect(tensorOf(picture!)).toMatchObject({ shape: [3], stringVal: ['5', '7', '\x01\x02\x03'] });
  expect(labels).toMatchObject({ tag: 'misclassified/labels', step: 3 });
  expect(tensorOf(labels!)).toMatchObject({ shape: [], stringVal: ['| a |'] });
  expect(none).toMatchObject({ tag: 'misclassified/labels', step: 4 });
  expect(weights).toMatchObject({ tag: 'weights/fc.bias', step: 5 });
  const { dtype, shape, doubleVal } = tensorOf(weights!);
  expect({ dtype, shape }).toEqual({ dtype: DataType.DT_DOUBLE, shape: [30, 3] });
  expect(doubleVal.slice(0, 3)).toEqual([0, 1, 1]);
  expect(doubleVal.slice(-3)).toEqual([29, 30, 2]);
});
