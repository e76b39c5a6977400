import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { compileBinding } from '../../../src/backends/install/compile.js';
import { fakePrograms } from '../../helpers/fake_programs.js';
import { temporaryDirectory } from '../../helpers/temporary_directory.js';

const options = (script: string, output = 'out.node') => ({
  compiler: join(fakePrograms({ 'c++': script }), 'c++'),
  sources: '/sources',
  includes: ['/node', '/tensorflow'],
  libraries: '/libraries',
  output,
});

it('compiles both sources against the libraries, which are found beside the binding', async () => {
  const words = join(temporaryDirectory(), 'words');
  await compileBinding(options(`printf '%s\\n' "$@" > ${words}`, '/build/tfjs_binding.node'));
  const lines = readFileSync(words, 'utf8').trim().split('\n');
  expect(lines).toEqual(
    expect.arrayContaining([
      '-I/node',
      '-I/tensorflow',
      '-DNAPI_VERSION=8',
      '/sources/tfjs_backend.cc',
      '/sources/tfjs_binding.cc',
      '-L/libraries',
      '-l:libtensorflow_cc.so.2',
      '-l:libtensorflow_framework.so.2',
      '-Wl,-rpath,$ORIGIN',
    ]),
  );
  expect(lines.slice(-2)).toEqual(['-o', '/build/tfjs_binding.node']);
});

it('the error names the first mistake', async () => {
  const script = `echo "In file included from a.cc:1" >&2; echo "b.h:2: error: 'x' was not declared" >&2; exit 1`;
  await expect(compileBinding(options(script))).rejects.toMatchObject({
    name: 'UserError',
    message: expect.stringMatching(
      /c\+\+ cannot compile tfjs-node's binding: b\.h:2: error: 'x' was not declared$/,
    ),
    hint: expect.stringContaining('CXX'),
  });
});
