import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { validateConfigs } from '../../src/authoring/validate.js';
import { temporaryDirectory } from '../helpers/temporary_directory.js';
import { tinyConfig } from '../helpers/tiny_config.js';
import { tinyPlan } from '../helpers/tiny_plan.js';

function files(contents: Record<string, string>): string[] {
  const directory = temporaryDirectory();
  return Object.entries(contents).map(([name, content]) => {
    const path = join(directory, name);
    writeFileSync(path, content);
    return path;
  });
}

test('every file, whatever is wrong with the others', async () => {
  const wrong = 'name: a\nsede: 1\ndataset: {type: shapes, limit: {train: -1}}\n';
  const [first, good, second] = files({ 'a.yaml': wrong, 'b.yaml': tinyConfig(), 'c.yaml': 'name: [' });
  const missing = `${good}x`;
  const report = await validateConfigs([first!, good!, second!, missing], []);
  expect(report.files.map(({ file }) => file)).toEqual([first, good, second, missing]);
  const [a, b, c, d] = report.files;
  expect(a!.problems.map(({ location, path }) => [location, path])).toEqual([
    ...Array(3).fill([`${first}:1:1`, '']), // model, optimizer and training are missing
    [`${first}:2:1`, 'sede'],
    [`${first}:3:40`, 'dataset.limit.train'],
  ]);
  expect(a!.text.split('\n')[4]).toMatch(`${first}:3:40 dataset.limit.train: expected an integer`);
  expect(b).toEqual({
    file: good,
    problems: [],
    text: `${good}: valid (${tinyPlan().parameterCount.toLocaleString('en-US')} parameters, 14 steps)`,
  });
  expect(c!.problems).toHaveLength(1);
  expect(d!.problems).toEqual([
    { location: missing, path: '', expected: 'a config file', actual: 'no such file' },
  ]);
  expect(report.mistakes).toBe(a!.problems.length + 2);
});

test('overrides go to each', async () => {
  const [a, b] = files({ 'a.yaml': tinyConfig(), 'b.yaml': tinyConfig({ seed: 1 }) });
  const report = await validateConfigs([a!, b!], ['training.epochs=0']);
  expect(report.files.map(({ problems }) => problems.map(({ location }) => location))).toEqual([
    ['--set training.epochs=0'],
    ['--set training.epochs=0'],
  ]);
  expect(report.mistakes).toBe(2);
});
