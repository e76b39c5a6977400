import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';

/** Folders of src/ from top to bottom: a file may import from its own row and the rows below. */
const ROWS = [
  ['commands', 'hooks'],
  ['doctor'],
  ['pipeline', 'report'],
  ['tracing'],
  ['model', 'data', 'install', 'logging'],
  ['storage', 'config'],
  ['registry', 'statistics'],
];
/** Who may load what computes. The registry's backends do so when a run begins; types cost nothing. */
const MAY_LOAD = ['tracing', 'registry/backends'];

const files = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts') && !name.endsWith('_pb.ts'))
  .map((name) => ({ name, text: readFileSync(join('src', name), 'utf8') }));

function imports(text: string): string[] {
  return [...text.matchAll(/^(?:import|export) (?!type )[^;]*?from '([^']+)'/gm)].map(
    ([, specifier]) => specifier!,
  );
}

function row(file: string): number {
  return ROWS.findIndex((folders) => folders.includes(file.split('/')[0]!));
}

describe('architecture', () => {
  it('imports point one way', () => {
    const upwards = files.flatMap(({ name, text }) =>
      imports(text)
        .filter((specifier) => specifier.startsWith('.'))
        .map((specifier) => relative('src', join('src', dirname(name), specifier)))
        .filter((target) => row(name) >= 0 && row(target) >= 0 && row(target) < row(name))
        .map((target) => `${name} imports ${target}`),
    );
    expect(upwards).toEqual([]);
  });

  it('TensorFlow.js and ONNX Runtime are loaded by what trains', () => {
    const loading = files
      .filter(({ text }) => imports(text).some((specifier) => /^(@tensorflow\/|onnxruntime)/.test(specifier)))
      .map(({ name }) => name)
      .filter((name) => !MAY_LOAD.some((folder) => name.startsWith(folder)));
    expect(loading).toEqual([]);
  });

  it.each([
    ['--help'],
    ['validate', 'configs/smoke.yaml'],
    ['describe', 'configs/smoke.yaml'],
    ['explain', 'configs/smoke.yaml'],
    ['init', '--help'],
    ['doctor'],
    ['report', 'configs'],
    ['compare', 'configs', 'src'],
  ])('gnet %s starts without them', (...words) => {
    const preload = `import { createRequire } from 'node:module';
        const { cache } = createRequire('${process.cwd()}/');
        process.on('exit', () => console.error(Object.keys(cache).join('\\n')));`;
    const { stderr } = spawnSync(
      process.execPath,
      ['--import', `data:text/javascript,${encodeURIComponent(preload)}`, 'bin/run.js', ...words],
      { encoding: 'utf8' },
    );
    const loaded = stderr.split('\n');
    expect(loaded.some((path) => path.includes('@oclif'))).toBe(true);
    expect(loaded.filter((path) => /@tensorflow|onnxruntime|sharp/.test(path))).toEqual([]);
  });
});
