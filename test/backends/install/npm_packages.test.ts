import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fetchPackages, PACKAGES, type PinnedPackage } from '../../../src/backends/install/npm_packages.js';
import { TFJS_NODE_VERSION } from '../../../src/backends/tensorflow_build.js';
import { fakePrograms } from '../../helpers/fake_programs.js';
import { tarGz } from '../../helpers/tar.js';
import { temporaryDirectory } from '../../helpers/temporary_directory.js';

const archive = tarGz([
  { path: 'package/index.js', content: Buffer.from('module.exports = 1;') },
  { path: 'package/link', type: 'SymbolicLink', linkpath: '/etc/passwd' },
]);
const pinned: PinnedPackage = {
  name: '@scope/thing',
  version: '1.2.3',
  integrity: `sha512-${createHash('sha512').update(archive).digest('base64')}`,
};

/** An npm that packs `archive`, and writes down what it was told. */
function npm(directory: string): string {
  writeFileSync(join(directory, 'archive.tgz'), archive);
  const script = `echo "$@" > ${directory}/words; cp ${directory}/archive.tgz "\${4#*=}/scope-thing-1.2.3.tgz"`;
  return join(fakePrograms({ npm: script }), 'npm');
}

it('unpacks a package whose integrity agrees, plain files alone, and runs nothing of it', async () => {
  const directory = temporaryDirectory();
  await fetchPackages([pinned], npm(directory), directory);
  expect(readFileSync(join(directory, '@scope/thing/index.js'), 'utf8')).toBe('module.exports = 1;');
  expect(existsSync(join(directory, '@scope/thing/link'))).toBe(false);
  expect(readFileSync(join(directory, 'words'), 'utf8')).toMatch(
    /^pack --ignore-scripts .* @scope\/thing@1\.2\.3\n$/,
  );
});

it('refuses another package under the same name', async () => {
  const directory = temporaryDirectory();
  const other = { ...pinned, integrity: `sha512-${'A'.repeat(86)}==` };
  await expect(fetchPackages([other], npm(directory), directory)).rejects.toThrow(
    `@scope/thing@1.2.3: expected integrity ${other.integrity}, got ${pinned.integrity}`,
  );
  expect(existsSync(join(directory, '@scope/thing'))).toBe(false);
});

describe('an npm that fails', () => {
  it.each([
    [
      'npm error code E403\nnpm error 403 Forbidden - GET the registry\nnpm error A complete log',
      '403 Forbidden - GET the registry',
    ],
    [
      'npm ERR! code ENOTFOUND\nnpm ERR! network request to the registry failed',
      'network request to the registry failed',
    ],
    ['', 'it printed nothing'],
  ])('%j', async (output, reason) => {
    const fake = join(fakePrograms({ npm: `cat >&2 <<'END'\n${output}\nEND\nexit 1` }), 'npm');
    await expect(fetchPackages([pinned], fake, temporaryDirectory())).rejects.toMatchObject({
      name: 'UserError',
      message: `npm cannot fetch @scope/thing@1.2.3: ${reason}`,
      hint: expect.stringContaining('npm config list'),
    });
  });
});

it('what is built from is pinned to the byte, and of the version of TensorFlow.js that gnet uses', () => {
  for (const { integrity } of Object.values(PACKAGES))
    expect(integrity).toMatch(/^sha512-[A-Za-z0-9+/]{86}==$/);
  const { dependencies, optionalDependencies } = JSON.parse(readFileSync('package.json', 'utf8'));
  expect(dependencies['@tensorflow/tfjs']).toBe(TFJS_NODE_VERSION);
  expect(optionalDependencies['@tensorflow/tfjs-node-gpu']).toBe(TFJS_NODE_VERSION);
});
