import { expect, it } from 'vitest';
import { explainLoadFailure } from '../../../src/registry/backends/load_failure.js';

// The messages are those of Node.js 20 to 24, glibc 2.36, dyld and tfjs-node 4.22.
it.each([
  ["Cannot find module '@tensorflow/tfjs-node'\nRequire stack:\n- /x.js", 'is not installed'],
  [
    'The Node.js native addon module (tfjs_binding.node) can not be found at path: /a/b',
    'is installed without its native part: its install script was not run, or the download of libtensorflow was refused',
  ],
  [
    'libcudart.so.11.0: cannot open shared object file: No such file or directory',
    'needs the shared library libcudart.so.11.0, which is not on this system',
  ],
  [
    'dlopen(/a/tfjs_binding.node, 0x0001): Library not loaded: @rpath/libtensorflow.2.dylib\n  Referenced from: /a',
    'needs the shared library libtensorflow.2.dylib, which is not on this system',
  ],
  [
    '/a/tfjs_binding.node: wrong ELF class: ELFCLASS32',
    `has a native part for another system or processor than ${process.platform} ${process.arch}`,
  ],
  [
    '/a/tfjs_binding.node: invalid ELF header',
    `has a native part for another system or processor than ${process.platform} ${process.arch}`,
  ],
  [
    "/lib/x86_64-linux-gnu/libc.so.6: version `GLIBC_2.38' not found (required by /a/libtensorflow_cc.so.2)",
    'needs GLIBC_2.38, which is newer than what this system has',
  ],
  [
    '/a/tfjs_binding.node: undefined symbol: TFE_NewContext',
    'has a native part that does not fit its TensorFlow library (no symbol TFE_NewContext)',
  ],
  ['/a/tfjs_binding.node: file too short', 'has a damaged native part: a file is too short'],
  [
    "The module '/a/tfjs_binding.node'\nwas compiled against a different Node.js version using\nNODE_MODULE_VERSION 83.",
    `has a native part for another version of Node.js than ${process.version}`,
  ],
  ["Cannot find module 'progress'\nRequire stack:", "does not load: Cannot find module 'progress'"],
])('%j', (message, cause) => {
  expect(explainLoadFailure('@tensorflow/tfjs-node', new Error(message))).toBe(
    `@tensorflow/tfjs-node ${cause}`,
  );
});

it('whatever is thrown', () => {
  expect(explainLoadFailure('x', 'text\nmore')).toBe('x does not load: text');
});
