import {
  cpSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { UserError } from '../../src/errors.js';
import { encodeCheckpointState } from '../../src/storage/checkpoint_state.js';
import {
  atCheckpoint,
  type Checkpoint,
  readCheckpoint,
  saveCheckpoint,
} from '../../src/storage/checkpoints.js';
import { encodeSafetensors, readSafetensors } from '../../src/storage/safetensors.js';
import { temporaryDirectory } from '../helpers/temporary_directory.js';

/** How many more files the disk takes. */
const disk = vi.hoisted(() => ({ filesLeft: Number.POSITIVE_INFINITY }));

vi.mock('node:fs/promises', async (importOriginal) => {
  const original = await importOriginal<typeof import('node:fs/promises')>();
  const writeFile: typeof original.writeFile = async (...args) => {
    if (disk.filesLeft-- <= 0)
      throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' });
    await original.writeFile(...args);
  };
  return { ...original, writeFile };
});

/** A checkpoint whose every number tells its step. */
function checkpointAt(step: number): Checkpoint {
  const tensor = (value: number) => ({ shape: [2], data: Float32Array.of(value, -value) });
  const tensors = (weight: number, bias: number) =>
    new Map([
      ['conv1.weight', tensor(weight)],
      ['fc.bias', tensor(bias)],
    ]);
  return {
    tensors: tensors(step, step / 3),
    slots: new Map([
      ['exp_avg', tensors(step + 100, step + 101)],
      ['exp_avg_sq', tensors(step + 200, step + 201)],
    ]),
    state: {
      version: 1,
      step,
      epoch: 1,
      step_in_epoch: step,
      epoch_totals: { loss: step * 0.1 },
      best: null,
      finished: false,
      metrics_bytes: step * 10,
      events: null,
      config: { name: 'test' },
    },
  };
}

async function stepsAt(directory: string, ...links: string[]): Promise<number[]> {
  const checkpoints = await Promise.all(links.map((link) => readCheckpoint(join(directory, link))));
  for (const { tensors, state } of checkpoints) {
    expect(tensors.get('conv1.weight')!.data[0]).toBe(state.step);
  }
  return checkpoints.map(({ state }) => state.step);
}

test('reads back all that was saved, under the names of the contract', async () => {
  const directory = join(temporaryDirectory(), 'checkpoints');
  const path = await saveCheckpoint(directory, checkpointAt(42), ['last', 'best']);
  expect(path).toBe(join(directory, 'step-00000042'));
  expect(await readCheckpoint(path)).toEqual(checkpointAt(42));
  expect(readdirSync(join(directory, 'last')).sort()).toEqual([
    'model.safetensors',
    'optimizer.safetensors',
    'state.json',
  ]);
  expect(readlinkSync(join(directory, 'best'))).toBe('step-00000042');
  const { tensors } = await readSafetensors(join(directory, 'last', 'optimizer.safetensors'));
  expect([...tensors.keys()]).toEqual([
    'exp_avg.conv1.weight',
    'exp_avg.fc.bias',
    'exp_avg_sq.conv1.weight',
    'exp_avg_sq.fc.bias',
  ]);
});

test('an optimizer without slots', async () => {
  const directory = temporaryDirectory();
  const checkpoint = { ...checkpointAt(1), slots: new Map() };
  expect(await readCheckpoint(await saveCheckpoint(directory, checkpoint, ['last']))).toEqual(checkpoint);
});

test('best keeps its own weights while last moves on, and nothing else stays', async () => {
  const directory = temporaryDirectory();
  await saveCheckpoint(directory, checkpointAt(1), ['last', 'best']);
  await saveCheckpoint(directory, checkpointAt(2), ['last']);
  await saveCheckpoint(directory, checkpointAt(3), ['last']);
  expect(await stepsAt(directory, 'best', 'last')).toEqual([1, 3]);
  expect(await readCheckpoint(join(directory, 'best'))).toEqual(checkpointAt(1));
  expect(readdirSync(directory).sort()).toEqual(['best', 'last', 'step-00000001', 'step-00000003']);
  await saveCheckpoint(directory, checkpointAt(4), ['best', 'last']);
  expect(readdirSync(directory).sort()).toEqual(['best', 'last', 'step-00000004']);
});

test('a writer killed while it wrote: last stands, and the next save clears up', async () => {
  const directory = temporaryDirectory();
  await saveCheckpoint(directory, checkpointAt(1), ['last']);
  const leftover = join(directory, '.step-00000002.1234-0a1b2c3d.tmp');
  mkdirSync(leftover);
  writeFileSync(join(leftover, 'model.safetensors'), 'half');
  symlinkSync('step-00000002', join(directory, '.last.1234-0a1b2c3d.tmp'));
  writeFileSync(join(directory, 'notes.txt'), 'not ours');
  mkdirSync(join(directory, 'kept-by-hand'));
  expect(await stepsAt(directory, 'last')).toEqual([1]);
  await saveCheckpoint(directory, checkpointAt(2), ['last']);
  expect(await stepsAt(directory, 'last')).toEqual([2]);
  expect(readdirSync(directory).sort()).toEqual(['kept-by-hand', 'last', 'notes.txt', 'step-00000002']);
});

test('a writer killed between its rename and its link: last stands, and the same step is saved again', async () => {
  const directory = temporaryDirectory();
  await saveCheckpoint(directory, checkpointAt(1), ['last', 'best']);
  cpSync(join(directory, 'step-00000001'), join(directory, 'step-00000002'), { recursive: true });
  expect(await stepsAt(directory, 'last')).toEqual([1]);
  expect(await saveCheckpoint(directory, checkpointAt(2), ['last'])).toBe(join(directory, 'step-00000002-2'));
  expect(await stepsAt(directory, 'last', 'best')).toEqual([2, 1]);
  expect(readdirSync(directory).sort()).toEqual(['best', 'last', 'step-00000001', 'step-00000002-2']);
});

test('best moves before last, so that no last claims a best which is not there', async () => {
  const directory = temporaryDirectory();
  await saveCheckpoint(directory, checkpointAt(1), ['last', 'best']);
  rmSync(join(directory, 'last'));
  mkdirSync(join(directory, 'last')); // cannot be adopted: it holds no checkpoint
  await expect(saveCheckpoint(directory, checkpointAt(2), ['last', 'best'])).rejects.toBeInstanceOf(
    UserError,
  );
  expect(await stepsAt(directory, 'best')).toEqual([2]);
});

test.each([0, 1, 2])(
  'a disk that fills after %i files: the earlier checkpoints stand, without debris',
  async (files) => {
    const directory = temporaryDirectory();
    await saveCheckpoint(directory, checkpointAt(1), ['last', 'best']);
    disk.filesLeft = files;
    onTestFinished(() => {
      disk.filesLeft = Number.POSITIVE_INFINITY;
    });
    const error = await saveCheckpoint(directory, checkpointAt(2), ['last', 'best']).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(UserError);
    expect((error as Error).message).toBe(`cannot write ${directory}: the disk is full (ENOSPC)`);
    expect(await stepsAt(directory, 'last', 'best')).toEqual([1, 1]);
    expect(readdirSync(directory).sort()).toEqual(['best', 'last', 'step-00000001']);
  },
);

test('a place that cannot be written is named', async () => {
  const directory = temporaryDirectory();
  writeFileSync(join(directory, 'file'), '');
  const below = join(directory, 'file', 'checkpoints');
  await expect(saveCheckpoint(below, checkpointAt(1), ['last'])).rejects.toThrow(
    `cannot write ${below}: a part of`,
  );
});

test('a run copied without its links goes on', async () => {
  const source = temporaryDirectory();
  await saveCheckpoint(source, checkpointAt(1), ['best', 'last']);
  await saveCheckpoint(source, checkpointAt(2), ['last']);
  const copy = temporaryDirectory();
  for (const link of ['best', 'last'])
    cpSync(join(source, link), join(copy, link), { recursive: true, dereference: true });
  expect(await stepsAt(copy, 'best', 'last')).toEqual([1, 2]);
  await saveCheckpoint(copy, checkpointAt(3), ['last']);
  expect(await stepsAt(copy, 'best', 'last')).toEqual([1, 3]);
  await saveCheckpoint(copy, checkpointAt(4), ['last', 'best']);
  expect(readdirSync(copy).sort()).toEqual(['best', 'last', 'step-00000004']);
});

test.each(['model.safetensors', 'optimizer.safetensors', 'state.json'])(
  'refuses a checkpoint whose %s is missing or cut short, and names it',
  async (file) => {
    const directory = await saveCheckpoint(temporaryDirectory(), checkpointAt(1), ['last']);
    const path = join(directory, file);
    truncateSync(path, 50);
    await expect(readCheckpoint(directory)).rejects.toThrow(`${path}: not a usable`);
    rmSync(path);
    await expect(readCheckpoint(directory)).rejects.toThrow(`cannot read ${path}: no such file`);
  },
);

test('tensors of another step are refused', async () => {
  const directory = temporaryDirectory();
  const first = await saveCheckpoint(directory, checkpointAt(1), ['best']);
  const second = await saveCheckpoint(directory, checkpointAt(2), ['last']);
  const path = join(second, 'optimizer.safetensors');
  cpSync(join(first, 'optimizer.safetensors'), path);
  await expect(readCheckpoint(second)).rejects.toThrow(`${path}: not the file that belongs to state.json: `);
});

test('a checkpoint that a training replaces while it is read: the next one is read', async () => {
  const directory = temporaryDirectory();
  await saveCheckpoint(directory, checkpointAt(1), ['last']);
  const steps: string[] = [];
  const read = await atCheckpoint(join(directory, 'last'), async (real) => {
    steps.push(basename(real));
    if (steps.length < 3) await saveCheckpoint(directory, checkpointAt(steps.length + 1), ['last']);
    return readCheckpoint(real);
  });
  expect(read).toEqual(checkpointAt(3));
  expect(steps).toEqual(['step-00000001', 'step-00000002', 'step-00000003']);
  rmSync(join(directory, 'step-00000003/state.json'));
  await expect(readCheckpoint(join(directory, 'last'))).rejects.toThrow('state.json: no such file');
});

test('refuses directories that are no checkpoints', async () => {
  const directory = temporaryDirectory();
  await expect(readCheckpoint(directory)).rejects.toThrow(
    `cannot read ${join(directory, 'state.json')}: no such file`,
  );
  const last = join(directory, 'last');
  symlinkSync('step-00000001', last);
  await expect(readCheckpoint(last)).rejects.toThrow(
    `${last}: expected a checkpoint, got a link to step-00000001, which is not there`,
  );
});

test.each(['exp_avg.conv9.weight', 'conv1', '.conv1.weight'])(
  'refuses optimizer state of another model: %s',
  async (name) => {
    const directory = temporaryDirectory();
    const { tensors, state } = checkpointAt(1);
    const files = new Map([
      ['model.safetensors', Buffer.concat(encodeSafetensors(tensors))],
      [
        'optimizer.safetensors',
        Buffer.concat(encodeSafetensors(new Map([[name, { shape: [1], data: Float32Array.of(1) }]]))),
      ],
      ['state.json', Buffer.from(encodeCheckpointState(state))],
    ]);
    for (const [file, bytes] of files) writeFileSync(join(directory, file), bytes);
    await expect(readCheckpoint(directory)).rejects.toThrow(
      `optimizer.safetensors: tensor "${name}": expected a slot`,
    );
  },
);

test('a slot name with a dot is a mistake of the caller', async () => {
  const checkpoint = { ...checkpointAt(1), slots: new Map([['a.b', checkpointAt(1).slots.get('exp_avg')!]]) };
  await expect(saveCheckpoint(temporaryDirectory(), checkpoint, ['last'])).rejects.toThrow(
    'optimizer slot a.b',
  );
});
