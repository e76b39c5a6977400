import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fromBinary } from '@bufbuild/protobuf';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { ModelProtoSchema } from '../../src/engines/onnxruntime/onnx_pb.js';
import { type ExportOptions, exportCheckpoint } from '../../src/export/export.js';
import { exportFormats } from '../../src/export/formats.js';
import { webPageLoader } from '../../src/export/web.js';
import { readSafetensors } from '../../src/storage/safetensors.js';
import { shown } from '../helpers/plain_stages.js';
import { temporaryDirectory } from '../helpers/temporary_directory.js';
import { trainTiny } from '../helpers/train_tiny.js';

vi.mock('../../src/terminal/screen.js', () => import('../helpers/plain_stages.js'));

const directory = mkdtempSync(join(tmpdir(), 'gnet-test-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));
const run = join(directory, 'run');
const last = join(run, 'checkpoints/last');

beforeAll(() => trainTiny(run));
beforeEach(() => {
  shown.length = 0;
});

const exportTo = (output: string | undefined, options: Partial<ExportOptions> = {}) =>
  exportCheckpoint({ source: run, format: 'onnx', output, force: false, ...options });

/** What a file says of its model, by format. */
const metadataOf = {
  onnx: async (path: string) =>
    Object.fromEntries(
      fromBinary(ModelProtoSchema, readFileSync(path)).metadataProps.map(({ key, value }) => [key, value]),
    ),
  safetensors: async (path: string) => (await readSafetensors(path)).metadata,
  tfjs: async (path: string) => {
    const json = JSON.parse(readFileSync(join(path, 'model.json'), 'utf8')) as {
      userDefinedMetadata: Record<string, string>;
    };
    return json.userDefinedMetadata;
  },
  web: async (path: string) => {
    const { userDefinedMetadata } = (await (
      await webPageLoader(path)
    ).load!()) as {
      userDefinedMetadata?: Record<string, string>;
    };
    return userDefinedMetadata!;
  },
};

const formats = Object.keys(exportFormats) as (keyof typeof exportFormats)[];

describe.each(formats)('%s', (format) => {
  test('goes into the run, is verified, and says of what model it is', async () => {
    const copy = join(temporaryDirectory(), 'run');
    cpSync(run, copy, { recursive: true, verbatimSymlinks: true });
    const result = await exportTo(undefined, { source: copy, format });
    const output = join(copy, 'export', exportFormats[format].name);
    expect(result).toMatchObject({ checkpoint: join(copy, 'checkpoints/best'), step: 7, format, output });
    expect(result.bytes).toBeGreaterThan(2000);
    expect(readdirSync(join(copy, 'export'))).toEqual([exportFormats[format].name]);
    expect(shown.map((line) => line.split(':')[0])).toEqual(['Export', 'Verify']);
    expect(shown[1]).toBe(`Verify: ${result.verified}`);

    const metadata = await metadataOf[format](output);
    expect(metadata).toMatchObject({ name: 'tiny', step: '7' });
    expect(JSON.parse(metadata.classes!)).toContain('triangle');
    expect(JSON.parse(metadata.config!)).toMatchObject({ name: 'tiny', seed: 7 });
    expect(metadata.config_sha256).toBe(createHash('sha256').update(metadata.config!).digest('hex'));
  });

  test('a checkpoint has no place of its own for it', async () => {
    await expect(exportTo(undefined, { source: last, format })).rejects.toMatchObject({
      message: `--output: expected a path, as ${last} is a checkpoint and no run`,
      exitCode: 2,
    });
    const output = join(temporaryDirectory(), 'there');
    expect(await exportTo(output, { source: last, format })).toMatchObject({ step: 14, output });
  });

  test('an export is replaced only where that is wanted', async () => {
    const output = join(temporaryDirectory(), 'there');
    await exportTo(output, { format });
    await expect(exportTo(output, { format })).rejects.toThrow(`${output}: exists already`);
    await exportTo(output, { format, force: true, source: last });
    expect(await metadataOf[format](output)).toMatchObject({ step: '14' });
  });

  test('an export that is not the model is not kept', async () => {
    const place = temporaryDirectory();
    const verify = vi.spyOn(exportFormats[format], 'verify').mockRejectedValue(new Error('not the model'));
    await expect(exportTo(join(place, 'there'), { format })).rejects.toThrow('not the model');
    expect(readdirSync(place)).toEqual([]);
    verify.mockRestore();
  });
});

test('a file goes into a directory that is named', async () => {
  const place = temporaryDirectory();
  expect((await exportTo(place)).output).toBe(join(place, 'model.onnx'));
  expect((await exportTo(`${place}/new/`)).output).toBe(join(place, 'new/model.onnx'));
  mkdirSync(join(place, 'other'));
  const { output } = await exportTo(join(place, 'other'), { format: 'tfjs' });
  expect(readdirSync(output).toSorted()).toEqual(['group1-shard1of1.bin', 'model.json']);
});

test('safetensors hold every tensor of the checkpoint', async () => {
  const output = join(temporaryDirectory(), "last year's.safetensors");
  const { usage } = await exportTo(output, { format: 'safetensors' });
  expect(usage).toBe(`in PyTorch: model.load_state_dict(safetensors.torch.load_file("${output}"))`);
  const { tensors, metadata } = await readSafetensors(output);
  const checkpoint = await readSafetensors(join(run, 'checkpoints/best/model.safetensors'));
  expect(tensors).toEqual(checkpoint.tensors);
  expect(metadata.format).toBe('pt');
});

test('what cannot be opened makes nothing', async () => {
  const output = join(temporaryDirectory(), 'deep/model.onnx');
  await expect(exportTo(output, { source: directory })).rejects.toThrow('expected a run directory');
  expect(existsSync(join(output, '..'))).toBe(false);
});
