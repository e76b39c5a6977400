import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { initialState, type ModelState } from '../../src/model/state.js';
import { START } from '../../src/pipeline/progress.js';
import { readRunPlan } from '../../src/runs/run_plan.js';
import { encodeSafetensors } from '../../src/storage/safetensors.js';
import { readJson } from '../helpers/run_results.js';
import {
  ENVIRONMENT,
  errorOf,
  halved,
  type SessionFixture,
  sessionFixture,
  stoppedRun,
} from '../helpers/run_session.js';
import { snapshot } from '../helpers/snapshot.js';
import { tinyConfig } from '../helpers/tiny_config.js';

let at: SessionFixture;
beforeEach(async () => {
  at = await sessionFixture();
});

describe('a new run', () => {
  test('has a directory with the config as written and as resolved, and is locked', async () => {
    const session = await at.open();
    expect(session).toMatchObject({ position: START, resumed: false, change: null, savedStep: null });
    expect(session.state).toEqual(initialState(at.loaded.plan));
    expect(readFileSync(join(at.runDir, 'config.yaml'), 'utf8')).toBe(tinyConfig());
    expect(readJson(join(at.runDir, 'plan.json'))).toEqual({
      ...JSON.parse(JSON.stringify(at.loaded.plan)),
      frozen: [],
      init: null,
    });
    expect(readJson(join(at.runDir, 'environment.json'))).toEqual({ ...ENVIRONMENT, earlier_sessions: [] });
    const error = await errorOf(at.resume());
    expect(error.message).toContain(`the run directory is in use: process ${process.pid} trains there`);
    await session.close();
    expect(existsSync(join(at.runDir, '.lock'))).toBe(false);
    await (await at.resume()).close();
  });

  test('with --resume, where there is nothing to go on with', async () => {
    const session = await at.resume();
    expect(session).toMatchObject({ position: START, resumed: false });
    await session.close();
    expect(existsSync(join(at.runDir, 'plan.json'))).toBe(true);
  });

  test('does not start where another is', async () => {
    await stoppedRun(at);
    const before = snapshot(at.runDir);
    const error = await errorOf(at.open());
    expect(error).toMatchObject({
      message: `--run-dir ${at.runDir}: expected a new directory, got one that holds a run`,
      hint: 'Add --resume to go on with that run, or name another directory.',
      exitCode: 2,
    });
    expect(snapshot(at.runDir)).toEqual(before);
  });

  test.each([false, true])('does not start in a file (resume: %s)', async (resuming) => {
    writeFileSync(at.runDir, 'precious');
    expect(await errorOf(at.open({ resume: resuming }))).toMatchObject({
      message: `--run-dir ${at.runDir}: expected a directory, got a file`,
      exitCode: 2,
    });
    const below = join(at.runDir, 'below');
    expect((await errorOf(at.open({ runDir: below }))).message).toContain(`cannot write ${below}`);
    expect(readFileSync(at.runDir, 'utf8')).toBe('precious');
  });

  test('takes no directory with files of somebody else', async () => {
    mkdirSync(at.runDir);
    for (const name of ['notes.md', 'a.txt', '.hidden', 'metrics.jsonl'])
      writeFileSync(join(at.runDir, name), 'precious');
    expect(await errorOf(at.open())).toMatchObject({
      message: `--run-dir ${at.runDir}: expected a new or an empty directory, got one that holds a.txt and 1 more`,
      exitCode: 2,
    });
    expect(readdirSync(at.runDir)).toHaveLength(4);
    for (const name of readdirSync(at.runDir))
      expect(readFileSync(join(at.runDir, name), 'utf8')).toBe('precious');
  });

  test('gives its lock back where its logs cannot be written', async () => {
    const session = await at.open();
    await session.close();
    for (const name of readdirSync(at.runDir)) rmSync(join(at.runDir, name));
    mkdirSync(join(at.runDir, 'metrics.jsonl'));
    const error = await errorOf(at.open());
    expect(error.message).toBe(
      `cannot write ${join(at.runDir, 'metrics.jsonl')}: a directory is in its place (EISDIR)`,
    );
    expect(readdirSync(at.runDir).sort()).toEqual(['config.yaml', 'metrics.jsonl']);
  });
});

describe('--init', () => {
  const file = () => join(at.directory, 'init.safetensors');
  const write = (parameters: ModelState['parameters']) =>
    writeFileSync(file(), Buffer.concat(encodeSafetensors(parameters)));

  test('gives the parameters, also after a kill before the first checkpoint', async () => {
    const { parameters } = halved(initialState(at.loaded.plan));
    write(new Map([...parameters].reverse()));
    const session = await at.open({ init: file() });
    expect([...session.state.parameters]).toEqual([...parameters]); // in the order of the model
    expect(session).toMatchObject({ position: START, resumed: false, savedStep: 0 });
    await session.close();
    const sha256 = createHash('sha256').update(readFileSync(file())).digest('hex');
    expect((await readRunPlan(at.runDir)).init).toEqual({
      ...{ file: file(), sha256, inside: '', ignore: [], strip_prefix: null },
      ...{ loaded: [...parameters.keys()], fresh: [], left_out: [] },
    });
    rmSync(file());
    const again = await at.resume();
    onTestFinished(() => again.close());
    expect(again).toMatchObject({ position: START, resumed: true, savedStep: 0 });
    expect(again.state.parameters).toEqual(parameters);
  });

  test('with other names and shapes lists every difference, and makes no directory', async () => {
    const parameters = new Map(initialState(at.loaded.plan).parameters);
    parameters.set('fc.weight', { shape: [12, 8], data: new Float32Array(96) });
    parameters.set('fc.scale', parameters.get('fc.bias')!);
    parameters.delete('conv1.bias');
    write(parameters);
    const error = await errorOf(at.open({ init: file() }));
    expect(error.exitCode).toBe(1);
    expect(error.message.split('\n')).toEqual([
      `${file()}: the parameters are not those of the model`,
      '  conv1.bias: expected [6], not in the file',
      '  fc.weight: expected [8, 12], got [12, 8]',
      '  fc.scale [8]: not in the model',
    ]);
    expect(existsSync(at.runDir)).toBe(false);
  });

  test.each([
    ['is not there', () => {}, 'no such file or directory (ENOENT)'],
    ['is cut short', () => writeFileSync(file(), 'PK\u0003\u0004 and so on'), 'not a usable PyTorch file'],
  ])('that %s makes no directory', async (_, prepare, message) => {
    prepare();
    const error = await errorOf(at.open({ init: file() }));
    expect(error.message).toContain(file());
    expect(error.message).toContain(message);
    expect(existsSync(at.runDir)).toBe(false);
  });
});
