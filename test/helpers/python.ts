import { spawnSync } from 'node:child_process';
// Python's ONNX Runtime is the same library.
import '../../src/engines/onnxruntime/no_telemetry.js';

/** The interpreter for cross-checks with Python packages; set PYTHON to that of an environment which has them. */
const PYTHON = process.env.PYTHON ?? 'python3';

/** Why a cross-check cannot run here, or null if it can: the packages are no dependency of gnet. */
export function whyNoPython(...modules: string[]): string | null {
  const { status } = spawnSync(PYTHON, ['-c', `import ${modules.join(', ')}`]);
  return status === 0 ? null : `${PYTHON} cannot import ${modules.join(', ')}`;
}

/** Runs a script and parses the JSON that it prints. */
export function runPython(script: string, ...args: string[]): unknown {
  return answer(script, args, '');
}

/** Runs a script that reads JSON from its standard input, which takes more than an argument can hold. */
export function askPython(script: string, question: unknown): unknown {
  return answer(script, [], JSON.stringify(question));
}

function answer(script: string, args: readonly string[], input: string): unknown {
  const { status, stdout, stderr } = spawnSync(PYTHON, ['-c', script, ...args], {
    encoding: 'utf8',
    input,
    maxBuffer: 2 ** 28,
  });
  if (status !== 0) throw new Error(`python: ${stderr}`);
  return JSON.parse(stdout);
}
