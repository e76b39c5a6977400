import { truncateSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { checkedSummary, type RunSummary, readSummary, writeSummary } from '../../src/runs/summary.js';
import { runPaths } from '../../src/storage/run_directory.js';
import { readJson } from '../helpers/run_results.js';
import { temporaryDirectory } from '../helpers/temporary_directory.js';

const SUMMARY: RunSummary = {
  name: 'a',
  run_directory: 'runs/a',
  backend: 'wasm',
  epochs: 2,
  steps: 14,
  parameters: 1228,
  seconds: 1.5,
  best: { epoch: 1, step: 7, accuracy: 0.5, loss: 0.1 + 0.2 },
  chosen_on: 'validation',
  test: { loss: 0.1 + 0.2, accuracy: 0.5, correct: 10, count: 20 },
};

test('is written as JSON and read back, wherever the run is by then', async () => {
  const paths = runPaths(temporaryDirectory());
  expect(await readSummary(paths)).toBeNull();
  await writeSummary(paths, SUMMARY);
  expect(readJson(paths.summary)).toEqual(SUMMARY);
  expect(await readSummary(paths)).toEqual({ ...SUMMARY, run_directory: paths.directory });
});

test('a summary from before there were validation images was chosen on the test set', async () => {
  const paths = runPaths(temporaryDirectory());
  const { chosen_on: _, ...older } = SUMMARY;
  writeFileSync(paths.summary, JSON.stringify(older));
  expect(await checkedSummary(paths)).toMatchObject({ chosen_on: 'test', steps: 14 });
});

test('one that was cut short is made again', async () => {
  const paths = runPaths(temporaryDirectory());
  await writeSummary(paths, SUMMARY);
  truncateSync(paths.summary, 40);
  expect(await readSummary(paths)).toBeNull();
  await expect(checkedSummary(paths)).rejects.toThrow(`${paths.summary}: expected JSON, got `);
  writeFileSync(paths.summary, JSON.stringify({ ...SUMMARY, test: {}, steps: 'many' }));
  expect(await readSummary(paths)).toBeNull();
  await expect(checkedSummary(paths)).rejects.toThrow(
    `${paths.summary}: steps must be integer; test must have`,
  );
});
