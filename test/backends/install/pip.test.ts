import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { downloadWheels } from '../../../src/backends/install/pip.js';
import { fakePrograms } from '../../helpers/fake_programs.js';
import { temporaryDirectory } from '../../helpers/temporary_directory.js';
import { wheel } from '../../helpers/zip.js';

const pinned = { name: 'tensorflow-cpu', version: '2.21.0', sha256: 'ab'.repeat(32) };

const python = (script: string) => join(fakePrograms({ python3: script }), 'python3');

it('asks pip for the pinned wheels alone, and returns what came', async () => {
  const directory = temporaryDirectory();
  const target = join(directory, 'wheels');
  const fake = python(
    `echo "$@" > ${directory}/words; echo > ${target}/tensorflow_cpu-2.21.0.whl; echo > ${target}/note`,
  );
  expect(await downloadWheels([pinned], fake, target, { constraints: ['some<2'] })).toEqual([
    join(target, 'tensorflow_cpu-2.21.0.whl'),
  ]);
  const words = readFileSync(join(directory, 'words'), 'utf8').trim().split(' ');
  expect(words.slice(0, 3)).toEqual(['-m', 'pip', 'download']);
  const [requirements, constraints] = [join(target, 'requirements.txt'), join(target, 'constraints.txt')];
  expect(words).toEqual(
    expect.arrayContaining([
      ...['--no-deps', '--only-binary=:all:', '--require-hashes', `--dest=${target}`],
      ...[`--requirement=${requirements}`, `--constraint=${constraints}`],
    ]),
  );
  expect(readFileSync(requirements, 'utf8')).toBe(`tensorflow-cpu==2.21.0 --hash=sha256:${pinned.sha256}\n`);
  expect(readFileSync(constraints, 'utf8')).toBe('some<2\n');
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
    downloadWheels([pinned], fake, temporaryDirectory(), { replaceable });
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

const whyNoPip = spawnSync('python3', ['-m', 'pip', '--version']).status === 0 ? null : 'python3 has no pip';

it('pip itself takes the pinned file, and no other in its place', async ({ skip }) => {
  skip(whyNoPip !== null, whyNoPip ?? '');
  const index = join(temporaryDirectory(), 'index');
  mkdirSync(index);
  const file = join(index, 'some_library-1.0-py3-none-any.whl');
  const published = wheel({ name: 'some_library', version: '1.0', tag: 'py3-none-any' });
  writeFileSync(file, published);
  vi.stubEnv('PIP_NO_INDEX', '1');
  vi.stubEnv('PIP_FIND_LINKS', index);
  try {
    const sha256 = createHash('sha256').update(published).digest('hex');
    const library = { name: 'some-library', version: '1.0', sha256 };
    const download = (constraints: string[] = []) =>
      downloadWheels([library], 'python3', temporaryDirectory(), { constraints, replaceable: true });
    const [path] = await download(['some-library<2', 'other>3']);
    expect(readFileSync(path!)).toEqual(published);

    await expect(download(['some-library>=2'])).rejects.toMatchObject({
      message: 'pip cannot download some-library==1.0: the wheel of TensorFlow asks for some-library>=2',
      hint: 'Take the wheel of TensorFlow 2.21.0.',
    });

    appendFileSync(file, 'more');
    const actual = createHash('sha256').update(readFileSync(file)).digest('hex');
    await expect(download()).rejects.toMatchObject({
      name: 'UserError',
      message: expect.stringMatching(`some-library==1\\.0.*: expected sha256 ${sha256}, got ${actual}$`),
      hint: expect.stringContaining('nothing of it was used'),
    });
  } finally {
    vi.unstubAllEnvs();
  }
});
