import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryDirectory } from './helpers/temporary_directory.js';

/** Rooms of src/ from top to bottom: a file may import from its own row and the rows below. */
const ROWS = [
  ['commands', 'hooks', 'base_command.ts', 'flags.ts', 'usage_error.ts'],
  ['export'],
  ['inference'],
  ['pipeline'],
  ['report'],
  ['runs', 'authoring', 'survey'],
  ['backends'],
  ['engines'],
  ['tracing'],
  ['model'],
  ['data', 'logging'],
  ['terminal', 'storage', 'config', 'listing'],
  ['registry', 'statistics'],
  ['pixels'],
  ['errors.ts', 'random.ts', 'shape.ts', 'version.ts', 'web_assembly.d.ts'],
];
/** Who may load what computes; types cost nothing. */
const MAY_LOAD = ['tracing', 'engines', 'backends', 'export'];

const files = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts') && !name.endsWith('_pb.ts'))
  .map((name) => ({ name, text: readFileSync(join('src', name), 'utf8') }));

/** What a module loads: `import … from`, `export … from`, `import '…'` and `import('…')`, types left out. */
function imports(text: string): string[] {
  const ahead = text.matchAll(/^(?:import|export) (?!type )(?:[^;']*? from )?'([^']+)'/gm);
  const later = text.matchAll(/(?<!typeof )\bimport\('([^']+)'\)(?!\.|\[)/g);
  return [...ahead, ...later].map(([, specifier]) => specifier!);
}

/** The folder, or the file where it stands in src/ itself. */
function room(file: string): string {
  return file.split('/')[0]!;
}

function row(file: string): number {
  return ROWS.findIndex((rooms) => rooms.includes(room(file)));
}

/** Imports of one room from another, by files. */
const crossings = files.flatMap(({ name, text }) =>
  imports(text)
    .filter((specifier) => specifier.startsWith('.'))
    .map((specifier) => ({
      from: name,
      to: relative('src', join('src', dirname(name), specifier)).replace(/\.js$/, '.ts'),
    }))
    .filter(({ from, to }) => room(from) !== room(to)),
);

describe('architecture', () => {
  it('every file has a row', () => {
    expect(files.map(({ name }) => name).filter((name) => row(name) === -1)).toEqual([]);
  });

  it('imports point one way', () => {
    const upwards = crossings.filter(({ from, to }) => row(to) < row(from));
    expect(upwards.map(({ from, to }) => `${from} imports ${to}`)).toEqual([]);
  });

  it('no two rooms import each other', () => {
    const pairs = new Set(crossings.map(({ from, to }) => `${room(from)} → ${room(to)}`));
    const mutual = [...pairs].filter((pair) => pairs.has(pair.split(' → ').toReversed().join(' → ')));
    expect(mutual).toEqual([]);
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
    // To a file: what a command prints may name them.
    const list = join(temporaryDirectory(), 'loaded.json');
    const preload = `import { writeFileSync } from 'node:fs';
        import { createRequire } from 'node:module';
        const { cache } = createRequire('${process.cwd()}/');
        process.on('exit', () => writeFileSync('${list}', JSON.stringify(Object.keys(cache))));`;
    spawnSync(process.execPath, [
      ...['--import', `data:text/javascript,${encodeURIComponent(preload)}`],
      ...['bin/run.js', ...words],
    ]);
    const loaded: string[] = JSON.parse(readFileSync(list, 'utf8'));
    expect(loaded.some((path) => path.includes('@oclif'))).toBe(true);
    expect(loaded.filter((path) => /@tensorflow|onnxruntime|sharp/.test(path))).toEqual([]);
  });
});
