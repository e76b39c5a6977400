import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { downloadWheels } from '../../../src/backends/install/pip.js';
import { fakePrograms } from '../../helpers/fake_programs.js';
import { temporaryDirectory } from '../../helpers/temporary_directory.js';

const python = (script: string) => join(fakePrograms({ python3: script }), 'python3');

it('asks pip for wheels alone, and returns what came', async () => {
  const directory = temporaryDirectory();
  const target = join(directory, 'wheels');
  const fake = python(
    `echo "$@" > ${directory}/words; echo > ${target}/tensorflow_cpu-2.21.0.whl; echo > ${target}/note`,
  );
  expect(await downloadWheels(['tensorflow-cpu==2.21.0'], fake, target)).toEqual([
    join(target, 'tensorflow_cpu-2.21.0.whl'),
  ]);
  const words = readFileSync(join(directory, 'words'), 'utf8').trim().split(' ');
  expect(words.slice(0, 3)).toEqual(['-m', 'pip', 'download']);
  expect(words).toEqual(expect.arrayContaining(['--no-deps', '--only-binary=:all:', `--dest=${target}`]));
  expect(words.at(-1)).toBe('tensorflow-cpu==2.21.0');
  expect(existsSync(target)).toBe(true);
});

it.each([
  [
    'no network',
    "WARNING: Retrying after connection broken by 'NewConnectionError(: Failed to establish a new connection: [Errno -3] Temporary failure in name resolution)'\nERROR: Could not find a version that satisfies the requirement tensorflow-cpu==2.21.0 (from versions: none)\nERROR: No matching distribution found for tensorflow-cpu==2.21.0",
    'the package index cannot be reached ([Errno -3] Temporary failure in name resolution)',
    '--wheel FILE',
  ],
  [
    'a refusing proxy',
    'ERROR: HTTP error 403 while getting index',
    'the package index cannot be reached (HTTP error 403)',
    'pip config list',
  ],
  [
    'no wheel for this system',
    'ERROR: Could not find a version that satisfies the requirement tensorflow-cpu==2.21.0 (from versions: 2.20.0)\nERROR: No matching distribution found for tensorflow-cpu==2.21.0',
    `the package index has none for ${process.platform} ${process.arch}`,
    'add --wheel FILE',
  ],
  ['anything else', 'note\nERROR: disk on fire\n\nnotice', 'disk on fire', '--wheel FILE'],
])('%s', async (_case, output, reason, hint) => {
  const fake = python(`cat >&2 <<'END'\n${output}\nEND\nexit 1`);
  const failure = (replaceable: boolean) =>
    downloadWheels(['tensorflow-cpu==2.21.0'], fake, temporaryDirectory(), { replaceable });
  const message = expect.stringContaining(`pip cannot download tensorflow-cpu==2.21.0: ${reason}`);
  await expect(failure(true)).rejects.toMatchObject({
    name: 'UserError',
    message,
    hint: expect.stringContaining(hint),
  });
  await expect(failure(false)).rejects.toMatchObject({
    message,
    hint: expect.stringMatching(/^Check pip's index (and proxy )?\(pip config list\)\.$/),
  });
});
