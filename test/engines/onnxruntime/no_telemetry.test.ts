import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';
import { BIN } from '../../helpers/gnet.js';
import { temporaryDirectory } from '../../helpers/temporary_directory.js';

const MODULE = JSON.stringify(resolve('dist/backends/require_provider.js'));
const TRY = `import(${MODULE}).then((_) => _.requireProvider('onnxruntime-cpu', { executionProvider: 'cpu' }));`;

// The processes that open sessions: a training, those that `gnet doctor` starts, and the one that tries a provider out.
it.each([
  ['gnet run', [BIN, 'run', resolve('configs/smoke.yaml'), '--backend=onnxruntime-cpu', '--run-dir=run']],
  ['gnet doctor', [BIN, 'doctor']],
  ['trying a provider out', ['--eval', TRY]],
])('%s leaves nothing in the folders of the user and the system', (_name, words) => {
  const cwd = temporaryDirectory();
  const folders = { HOME: join(cwd, 'home'), XDG_CACHE_HOME: join(cwd, 'cache'), TMPDIR: join(cwd, 'tmp') };
  for (const folder of Object.values(folders)) mkdirSync(folder);
  // 0 asks for telemetry.
  const env = { ...process.env, ...folders, ORT_DISABLE_TELEMETRY: '0' };
  const began = Date.now();
  const { pid, status, stderr } = spawnSync(process.execPath, words, { cwd, env, encoding: 'utf8' });
  expect(status, stderr).toBe(0);
  for (const folder of Object.values(folders)) expect(readdirSync(folder, { recursive: true })).toEqual([]);
  // Another process may have had that number before, and have left one.
  const log = statSync(`/tmp/mat-debug-${pid}.log`, { throwIfNoEntry: false });
  expect(log === undefined || log.mtimeMs < began - 1000).toBe(true);
});

it('one module loads ONNX Runtime, which switches its telemetry off before', () => {
  const loading = ['src', 'test', 'bench'].flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.(ts|m?js)$/.test(name))
      .map((name) => join(folder, name))
      .filter((path) => /(from|import|import\() ?'onnxruntime-node'/.test(readFileSync(path, 'utf8'))),
  );
  expect(loading).toEqual(['src/engines/onnxruntime/onnxruntime.ts']);
});
