import { join } from 'node:path';
import { UserError } from '../../errors.js';
import { NAPI_VERSION } from '../tensorflow_build.js';
import { ProgramError, type ProgramOptions, runProgram } from './run_program.js';

export interface CompileOptions extends ProgramOptions {
  readonly compiler: string;
  /** The binding/ folder of tfjs-node. */
  readonly sources: string;
  /** Folders of headers: Node-API's and TensorFlow's. */
  readonly includes: readonly string[];
  /** Folder of TensorFlow's libraries, where the binding goes too. */
  readonly libraries: string;
  /** Path of the binding. */
  readonly output: string;
}

/** TensorFlow's libraries, as they are named in every wheel since 2.10. */
export const LIBRARIES = ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2'] as const;

/**
 * Compiles tfjs-node's binding, two files that use the C API of Node.js and of TensorFlow alone. The compiler is called
 * directly: node-gyp would have to fetch all of Node's headers first. @throws UserError
 */
export async function compileBinding(options: CompileOptions): Promise<void> {
  const { compiler, sources, includes, libraries, output, signal, onLine } = options;
  const args = [
    ...['-std=c++17', '-O2', '-fPIC', '-shared', `-DNAPI_VERSION=${NAPI_VERSION}`],
    ...includes.map((folder) => `-I${folder}`),
    ...['tfjs_backend.cc', 'tfjs_binding.cc'].map((file) => join(sources, file)),
    `-L${libraries}`,
    ...LIBRARIES.map((library) => `-l:${library}`),
    // The libraries are found beside the binding: nobody has to set LD_LIBRARY_PATH.
    '-Wl,-rpath,$ORIGIN',
    ...['-o', output],
  ];
  try {
    await runProgram(compiler, args, { signal, onLine });
  } catch (error) {
    if (!(error instanceof ProgramError)) throw error;
    const lines = error.output.split('\n').filter((line) => /error|cannot find|undefined/i.test(line));
    throw new UserError(`${compiler} cannot compile tfjs-node's binding: ${lines[0] ?? error.message}`, {
      hint: 'It needs C++17 (GCC 8, Clang 7 or later): CXX chooses another compiler.',
      cause: error,
    });
  }
}
