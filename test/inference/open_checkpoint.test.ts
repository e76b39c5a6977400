import { cpSync, mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { openCheckpoint } from '../../src/inference/open_checkpoint.js';
import { encodeSafetensors, readSafetensors } from '../../src/storage/safetensors.js';
import { commandLine } from '../../src/terminal/command_line.js';
import { readJson } from '../helpers/run_results.js';
import { temporaryDirectory } from '../helpers/temporary_directory.js';
import { trainTiny } from '../helpers/train_tiny.js';

vi.mock('../../src/terminal/screen.js', () => import('../helpers/plain_stages.js'));

const directory = mkdtempSync(join(tmpdir(), 'gnet-test-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));
const run = join(directory, 'run');
const last = join(run, 'checkpoints/last');

beforeAll(() => trainTiny(run));

function copyOf(checkpoint: string): string {
  const copy = join(temporaryDirectory(), 'copy');
  cpSync(checkpoint, copy, { recursive: true, dereference: true });
  return copy;
}

test('a run stands for its best checkpoint', async () => {
  const opened = await openCheckpoint(run);
  expect(opened).toMatchObject({ directory: join(run, 'checkpoints/best'), step: 7 });
  expect(opened.plan.config).toMatchObject({ name: 'tiny', backend: 'onnxruntime-cpu' });
  const { tensors } = await readSafetensors(join(opened.directory, 'model.safetensors'));
  expect(opened.state.parameters).toEqual(tensors);
});

test('a checkpoint needs nothing of its run, nor the state of its optimizer', async () => {
  const copy = copyOf(last);
  rmSync(join(copy, 'optimizer.safetensors'));
  const opened = await openCheckpoint(copy, 'wasm');
  expect(opened).toMatchObject({ directory: copy, step: 14 });
  expect(opened.plan.config.backend).toBe('wasm');
});

type InPlace = (place: string) => string;

test.each<[name: string, prepare: InPlace, message: InPlace, exitCode: number, hint?: InPlace]>([
  [
    'somewhere else',
    (place: string) => place,
    (place: string) =>
      `${place}: expected a run directory or a checkpoint, got a directory without plan.json and state.json`,
    2,
  ],
  [
    'nowhere',
    (place: string) => join(place, 'nowhere'),
    (place: string) => `${place}/nowhere: expected a run directory or a checkpoint`,
    2,
  ],
  [
    'a run without an evaluation',
    (place: string) => {
      cpSync(run, join(place, 'run'), { recursive: true, verbatimSymlinks: true });
      rmSync(join(place, 'run/checkpoints/best'));
      return join(place, 'run');
    },
    (place: string) =>
      `${place}/run: the run has no checkpoints/best yet: it comes with the first evaluation`,
    2,
  ],
  [
    'a run whose link leads nowhere, with another checkpoint',
    (place: string) => {
      cpSync(run, join(place, 'run'), { recursive: true, verbatimSymlinks: true });
      rmSync(join(place, 'run/checkpoints/step-00000007'), { recursive: true });
      return join(place, 'run');
    },
    (place: string) =>
      `${place}/run/checkpoints/best: expected a checkpoint, got a link to step-00000007, which is not there`,
    1,
    (place: string) =>
      `Restore it from a copy, or use another checkpoint of the run: ${place}/run/checkpoints/step-00000014`,
  ],
  [
    'a run whose links lead nowhere',
    (place: string) => {
      cpSync(run, join(place, 'run'), { recursive: true, verbatimSymlinks: true });
      for (const step of ['07', '14'])
        rmSync(join(place, `run/checkpoints/step-000000${step}`), { recursive: true });
      return join(place, 'run');
    },
    (place: string) => `${place}/run/checkpoints/best: expected a checkpoint, got a link to step-00000007`,
    1,
    () => 'Restore it from a copy, or train again.',
  ],
  [
    'a run without a checkpoint, in a directory whose name wants quotes',
    (place: string) => {
      mkdirSync(join(place, 'a run'));
      cpSync(join(run, 'plan.json'), join(place, 'a run/plan.json'));
      return join(place, 'a run');
    },
    (place: string) =>
      `${place}/a run: the run has no checkpoint: neither checkpoints/best nor last is there`,
    2,
    (place: string) => `Train it: ${commandLine(['run', 'CONFIG'])} --run-dir '${place}/a run' --resume`,
  ],
  [
    'a file',
    (place: string) => {
      writeFileSync(join(place, 'file'), '');
      return join(place, 'file');
    },
    (place: string) => `${place}/file: expected a run directory or a checkpoint, got a file`,
    2,
  ],
  [
    'a damaged state',
    (place: string) => {
      writeFileSync(join(place, 'state.json'), '{"version": 1}');
      return place;
    },
    (place: string) => `${place}/state.json: not a usable checkpoint state: `,
    1,
  ],
  [
    'no weights',
    (place: string) => {
      mkdirSync(join(place, 'bare'));
      cpSync(join(last, 'state.json'), join(place, 'bare/state.json'));
      return join(place, 'bare');
    },
    (place: string) => `cannot read ${place}/bare/model.safetensors: no such file or directory`,
    1,
  ],
  [
    'weights cut short',
    (place: string) => {
      cpSync(last, join(place, 'cut'), { recursive: true, dereference: true });
      truncateSync(join(place, 'cut/model.safetensors'), 2000);
      return join(place, 'cut');
    },
    (place: string) => `${place}/cut/model.safetensors: not a usable safetensors file: `,
    1,
  ],
])('%s', async (_, prepare, message, exitCode, hint) => {
  const place = temporaryDirectory();
  const error = await openCheckpoint(prepare(place)).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ message: expect.stringContaining(message(place)), exitCode });
  expect(error).toHaveProperty('hint', hint?.(place) ?? expect.any(String));
});

test('parameters of another model are listed, each with its shape', async () => {
  const copy = copyOf(last);
  const path = join(copy, 'model.safetensors');
  const { tensors } = await readSafetensors(path);
  tensors.set('other.bias', tensors.get('fc.bias')!);
  tensors.delete('fc.bias');
  tensors.set('fc.weight', { shape: [4, 24], data: tensors.get('fc.weight')!.data as Float32Array });
  writeFileSync(path, Buffer.concat(encodeSafetensors(tensors)));
  await expect(openCheckpoint(copy)).rejects.toThrow(`${path}: not the file that belongs to state.json`);
  // As gnet 0.1.0 wrote it, without digests.
  const state = join(copy, 'state.json');
  writeFileSync(state, JSON.stringify({ ...readJson(state), sha256: undefined }));
  await expect(openCheckpoint(copy)).rejects.toThrow(
    [
      `${copy}: the parameters are not those of the model`,
      '  fc.weight: expected [8, 12], got [4, 24]',
      '  fc.bias: expected [8], not in the file',
      '  other.bias [8]: not in the model',
    ].join('\n'),
  );
});
