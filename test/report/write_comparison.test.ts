import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { writeComparison } from '../../src/report/write_comparison.js';
import { makeRun } from '../helpers/make_run.js';
import { temporaryDirectory } from '../helpers/temporary_directory.js';

let directory: string;
let runs: string[];
beforeEach(async () => {
  directory = temporaryDirectory();
  runs = ['a', 'b'].map((name) => join(directory, name));
  for (const run of runs) await makeRun(run);
});

test('a page is made, and made again, where one is asked for', async () => {
  const output = join(directory, 'compare.html');
  await writeComparison(runs, undefined);
  expect(existsSync(output)).toBe(false);
  writeFileSync(output, '');
  await writeComparison(runs, output);
  const page = readFileSync(output, 'utf8');
  expect(page).toContain('<h1>Comparison of 2 runs</h1>');
  writeFileSync(output, `${page} `);
  await writeComparison(runs, output);
  expect(readFileSync(output, 'utf8').endsWith('</html>\n')).toBe(true);
});

test('a file that is not such a page is not replaced', async () => {
  for (const [name, content] of [
    ['notes.html', '<!doctype html>'],
    ['report.html', '<meta name="generator" content="gnet report">'],
  ] as const) {
    const output = join(directory, name);
    writeFileSync(output, content);
    await expect(writeComparison(runs, output)).rejects.toMatchObject({
      message: `--output ${output}: expected a new file or an earlier page of gnet compare, got another file`,
      exitCode: 2,
    });
    expect(readFileSync(output, 'utf8')).toBe(content);
  }
  await expect(writeComparison(runs, directory)).rejects.toThrow('a directory is in its place');
  await expect(writeComparison(runs, join(directory, 'no/a.html'))).rejects.toThrow(
    'no such file or directory',
  );
});
