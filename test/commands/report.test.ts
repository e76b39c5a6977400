import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { gnet } from '../helpers/gnet.js';
import { makeRun } from '../helpers/make_run.js';
import { temporaryDirectory } from '../helpers/temporary_directory.js';

test('prints where the report is, and what it lacks', async () => {
  const cwd = temporaryDirectory();
  await makeRun(join(cwd, 'run'), { epochs: 1 });
  expect(await gnet(['report', 'run'], { cwd })).toEqual({
    code: 0,
    signal: null,
    stdout: 'run/report.html\n',
    stderr:
      'The run has not finished: it is at step 7 of 14.\npredictions.jsonl is not there: it is written when a run ends.\n',
  });
  expect(existsSync(join(cwd, 'run/report.html'))).toBe(true);
  const { stdout } = await gnet(['report', 'run', '--json'], { cwd });
  expect(JSON.parse(stdout)).toMatchObject({ report: 'run/report.html', missing: [{}, {}] });
});

test('what is no run', async () => {
  const cwd = temporaryDirectory();
  const { code, stdout, stderr } = await gnet(['report', '.'], { cwd });
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toMatch(
    /^\.: expected a run directory, got a directory without plan\.json and state\.json\n/,
  );
});
