import {
  appendFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { initialState } from '../../src/model/state.js';
import { START } from '../../src/pipeline/progress.js';
import { encodeSafetensors } from '../../src/storage/safetensors.js';
import { readJson } from '../helpers/run_results.js';
import {
  ENVIRONMENT,
  errorOf,
  POSITION,
  type SessionFixture,
  sessionFixture,
  stoppedRun,
  TRAIN_LINE,
} from '../helpers/run_session.js';
import { snapshot } from '../helpers/snapshot.js';
import { tinyConfig } from '../helpers/tiny_config.js';

let at: SessionFixture;
beforeEach(async () => {
  at = await sessionFixture();
});

describe('a resumed run', () => {
  test('goes on with the numbers, the position and the logs of the checkpoint', async () => {
    const trained = await stoppedRun(at);
    const session = await at.open({ resume: true }, at.loaded, { ...ENVIRONMENT, threads: 2 });
    onTestFinished(() => session.close());
    expect(session).toMatchObject({ position: POSITION, resumed: true, savedStep: 5 });
    expect(session.change).toContain('resumed with threads 2, before it was 1: ');
    expect(session.state).toEqual(trained);
    expect(readFileSync(join(at.runDir, 'metrics.jsonl'), 'utf8')).toBe(`${JSON.stringify(TRAIN_LINE)}\n`);
    expect(readJson(join(at.runDir, 'environment.json'))).toEqual({
      ...ENVIRONMENT,
      threads: 2,
      earlier_sessions: [ENVIRONMENT],
    });
  });

  test('may compute elsewhere and save at other times', async () => {
    await stoppedRun(at);
    await (
      await at.resume(
        await at.load('backend=wasm', 'checkpoint.every_steps=1', 'tensorboard.histograms_every_epochs=2'),
      )
    ).close();
  });

  test('refuses other changes, each with both values', async () => {
    await stoppedRun(at);
    const before = snapshot(at.runDir);
    const changed = await at.load(
      'seed=8',
      'optimizer={type: sgd, learning_rate: 0.5}',
      'model.layers.dropout.rate=0.4',
      'backend=wasm',
    );
    expect(await errorOf(at.resume(changed))).toMatchObject({
      message: [
        `${at.runDir}: the config differs from the one that the run began with`,
        '  seed: 7 in the run, 8 now',
        '  model.layers.2.rate: 0.3 in the run, 0.4 now',
        '  optimizer.type: "adam" in the run, "sgd" now',
        '  optimizer.learning_rate: 0.01 in the run, 0.5 now',
        '  optimizer.beta1: 0.9 in the run, nothing now',
        '  optimizer.beta2: 0.999 in the run, nothing now',
        '  optimizer.epsilon: 1e-8 in the run, nothing now',
        '  optimizer.momentum: nothing in the run, 0 now',
        '  optimizer.nesterov: nothing in the run, false now',
      ].join('\n'),
      hint: 'Undo the changes to resume, or start a new run without --resume.',
      exitCode: 2,
    });
    expect(snapshot(at.runDir)).toEqual(before);
  });

  const last = () => join(at.runDir, 'checkpoints', 'last');
  const edit = (change: object) => {
    const path = join(last(), 'state.json');
    writeFileSync(path, JSON.stringify({ ...readJson(path), ...change }));
  };
  const linked = (path: string) => {
    const elsewhere = join(at.runDir, '..', 'elsewhere');
    renameSync(path, elsewhere);
    symlinkSync(elsewhere, path);
  };
  const flipBit = (path: string) => {
    const bytes = readFileSync(path);
    bytes[bytes.length - 3]! ^= 1;
    writeFileSync(path, bytes);
  };

  test.each<[string, () => void, string]>([
    [
      'a plan cut short',
      () => truncateSync(join(at.runDir, 'plan.json'), 100),
      'plan.json: expected JSON, got',
    ],
    [
      'a plan of something else',
      () => writeFileSync(join(at.runDir, 'plan.json'), '[]'),
      'plan.json: expected the plan of a run',
    ],
    [
      'a plan with a mistake',
      () =>
        writeFileSync(
          join(at.runDir, 'plan.json'),
          JSON.stringify({ config: JSON.parse(tinyConfig({ seed: -1 })) }),
        ),
      'plan.json seed: expected an integer from 0 to 4294967295, got -1',
    ],
    [
      'a model cut short',
      () => truncateSync(join(last(), 'model.safetensors'), 2000),
      'model.safetensors: not a usable',
    ],
    ['no model', () => rmSync(join(last(), 'model.safetensors')), 'model.safetensors: no such file'],
    [
      'an optimizer cut short',
      () => truncateSync(join(last(), 'optimizer.safetensors'), 9),
      'optimizer.safetensors: not a',
    ],
    [
      'a state cut short',
      () => truncateSync(join(last(), 'state.json'), 50),
      'state.json: not a usable checkpoint',
    ],
    [
      'a link that leads nowhere',
      () => rmSync(join(at.runDir, 'checkpoints/step-00000005'), { recursive: true }),
      'last: expected a checkpoint, got a link to step-00000005',
    ],
    [
      'parameters of another model',
      () => writeFileSync(join(last(), 'model.safetensors'), Buffer.concat(encodeSafetensors(new Map()))),
      'model.safetensors: not the file that belongs to state.json',
    ],
    [
      'metrics that lack lines',
      () => truncateSync(join(at.runDir, 'metrics.jsonl'), 10),
      'metrics.jsonl: expected at least the',
    ],
    ['no metrics', () => rmSync(join(at.runDir, 'metrics.jsonl')), 'got no such file'],
    [
      'a flipped bit of a buffer, a parameter or a slot',
      () => flipBit(join(last(), 'optimizer.safetensors')),
      'optimizer.safetensors: not the file that belongs to state.json',
    ],
    ['a flipped bit of the state', () => edit({ metrics_bytes: 1 }), 'expected content with the SHA-256'],
    [
      'an epoch after the last',
      () => edit({ epoch: 3, sha256: undefined }),
      'expected an epoch of at most 2, got 3; expected step 19 after 5 steps in epoch 3, got 5; expected the best of 2',
    ],
    [
      'metrics.jsonl as a link',
      () => linked(join(at.runDir, 'metrics.jsonl')),
      'metrics.jsonl: expected no links in a run directory',
    ],
    [
      'checkpoints as a link',
      () => linked(join(at.runDir, 'checkpoints')),
      'checkpoints: expected no links in a run directory',
    ],
    [
      'a dangling link as the lock',
      () => symlinkSync('nowhere', join(at.runDir, '.lock')),
      'its lock is no file',
    ],
  ])('refuses %s and changes nothing', async (_, damage, message) => {
    await stoppedRun(at);
    damage();
    const before = snapshot(at.runDir);
    const error = await errorOf(at.resume());
    expect(`${error.message} ${error.hint}`).toContain(message);
    expect(error.message).toContain(at.runDir);
    expect(snapshot(at.runDir)).toEqual(before);
  });

  test('that was killed before its first checkpoint starts again from nothing', async () => {
    const session = await at.open();
    session.recorder.train(TRAIN_LINE);
    await session.close();
    const again = await at.resume();
    onTestFinished(() => again.close());
    expect(again).toMatchObject({ position: START, resumed: true, savedStep: null });
    expect(again.state).toEqual(initialState(at.loaded.plan));
    expect(readFileSync(join(at.runDir, 'metrics.jsonl'), 'utf8')).toBe('');
    expect(readdirSync(at.runDir).filter((name) => name.startsWith('events.'))).toHaveLength(1);
  });

  test('removes what killed sessions left behind, and nothing else', async () => {
    await stoppedRun(at);
    // A process of our pid that started at another time.
    const dead = `${hostname().replaceAll(/[^A-Za-z0-9-]/g, '-')}.${process.pid}-1.0a1b2c3d.tmp`;
    writeFileSync(join(at.runDir, `.report.html.${dead}`), 'half');
    writeFileSync(join(at.runDir, '.mine.tmp'), '');
    mkdirSync(join(at.runDir, 'checkpoints/step-00000006'));
    await (await at.resume()).close();
    expect(readdirSync(at.runDir).filter((name) => name.endsWith('.tmp'))).toEqual(['.mine.tmp']);
    expect(readdirSync(join(at.runDir, 'checkpoints'))).toEqual(['last', 'step-00000005']);
  });

  test('goes on after a damaged environment.json: history is no reason to refuse', async () => {
    await stoppedRun(at);
    appendFileSync(join(at.runDir, 'environment.json'), '}');
    await (await at.resume()).close();
    expect(readJson(join(at.runDir, 'environment.json'))).toEqual({ ...ENVIRONMENT, earlier_sessions: [] });
  });
});
