import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { gnet } from '../helpers/gnet.js';
import { writePhoto, writePhotos } from '../helpers/photos.js';
import { type RunResults, readJson, runResults } from '../helpers/run_results.js';
import { tinyConfig } from '../helpers/tiny_config.js';

/** A folder of photographs, and the runs on it. */
const directory = mkdtempSync(join(tmpdir(), 'gnet-test-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const run = (name: string, strike?: string, ...args: string[]) =>
  gnet(['run', 'own.yaml', '--threads', '1', '--run-dir', name, '--resume', ...args], {
    cwd: directory,
    strike,
  });

let whole: RunResults;
beforeAll(async () => {
  await writePhotos(join(directory, 'photos'), ['ant', 'bee', 'cow'], 20);
  writeFileSync(join(directory, 'photos/bee/broken.jpg'), 'no image');
  const dataset = { type: 'image_folder', root: 'photos', validation: 0.2, unreadable: 'skip' };
  writeFileSync(join(directory, 'own.yaml'), tinyConfig({ dataset, input: { resize: 32 } }));
  expect(await run('whole')).toMatchObject({ code: 0 });
  whole = runResults(join(directory, 'whole'));
});

test('the run lists its images, and those that it left out', () => {
  const lines = readFileSync(join(directory, 'whole/images.jsonl'), 'utf8').trim().split('\n');
  expect(lines).toHaveLength(60);
  const left = readFileSync(join(directory, 'whole/unreadable.jsonl'), 'utf8').trim().split('\n');
  expect(left.map((line) => JSON.parse(line))).toMatchObject([{ path: 'bee/broken.jpg' }]);
  const { dataset } = readJson(join(directory, 'whole/plan.json')) as { dataset: Record<string, unknown> };
  expect(dataset).toEqual({
    classes: ['ant', 'bee', 'cow'],
    image: { channels: 3, height: 32, width: 32 },
    count: { train: 43, validation: 11, test: 6 },
    chosenOn: 'validation',
  });
});

test.each(['SIGKILL run 4', 'SIGKILL append metrics.jsonl 9', 'SIGTERM run 5'])(
  'stopped by %s and resumed it comes out the same, to the bit, whatever has been added to the folder',
  async (strike) => {
    const name = strike.replaceAll(' ', '-');
    expect((await run(name, strike)).code).not.toBe(0);
    const added = join(directory, 'photos/ant/added.png');
    await writePhoto(added, 99);
    expect(await run(name)).toMatchObject({ code: 0 });
    rmSync(added);
    expect(runResults(join(directory, name))).toEqual(whole);
  },
);

test('eval, predict, export and report use what the run knows', async () => {
  const options = { cwd: directory };
  const json = async (...args: string[]) => JSON.parse((await gnet([...args, '--json'], options)).stdout);
  const { test: tested } = readJson(join(directory, 'whole/summary.json')) as { test: { correct: number } };
  expect(await json('eval', 'whole')).toMatchObject({ count: 6, correct: tested.correct });
  expect(await json('eval', 'whole/checkpoints/last', '--split', 'train')).toMatchObject({ count: 43 });
  const { images } = await json('predict', 'whole', 'photos/ant');
  expect(images).toHaveLength(20);
  const exported = await gnet(['export', 'whole', '--format', 'onnx'], options);
  expect(exported).toMatchObject({ code: 0 });
  expect(exported.stderr).toMatch(/logits of the first 4 test images within/);
  const report = await gnet(['report', 'whole'], options);
  expect([report.code, report.stderr]).toEqual([0, '']);
});

test('an image that vanishes is told by eval', async () => {
  const lines = readFileSync(join(directory, 'whole/images.jsonl'), 'utf8').trim().split('\n');
  const { path } = lines.map((line) => JSON.parse(line)).find(({ split }) => split === 'test');
  const bytes = readFileSync(join(directory, 'photos', path));
  rmSync(join(directory, 'photos', path));
  const { code, stderr } = await gnet(['eval', 'whole'], { cwd: directory });
  writeFileSync(join(directory, 'photos', path), bytes);
  expect(code).toBe(1);
  expect(stderr).toContain(`got 1 less: ${join('photos', path)}`);
});

test('validate lists the folder, and tells what is wrong', async () => {
  const valid = await gnet(['validate', 'own.yaml'], { cwd: directory });
  expect(valid).toMatchObject({ code: 0 });
  const wrong = await gnet(
    ['validate', 'own.yaml', '--set', 'input.resize=null', '--set', 'dataset.root=nowhere'],
    {
      cwd: directory,
    },
  );
  expect(wrong.code).toBe(2);
  expect(wrong.stdout).toMatch(/input\.resize=null: expected a number of pixels/);
  expect(wrong.stdout).toMatch(
    /dataset\.root=nowhere: expected a directory that can be read, got nowhere: no such/,
  );
});

test('compare does not weigh predictions of other test images against each other', async () => {
  expect(await run('other', undefined, '--set', 'seed=8')).toMatchObject({ code: 0 });
  const { stdout } = await gnet(['compare', 'whole', 'other', '--json'], { cwd: directory });
  const { mcnemar, notes } = JSON.parse(stdout) as { mcnemar: unknown; notes: string[] };
  expect(mcnemar).toBe(null);
  expect(notes.join()).toContain('they are not about the same test images');
});
