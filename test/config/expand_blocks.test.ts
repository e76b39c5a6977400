import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { explainKey } from '../../src/config/explain.js';
import { loadPlan, planFromResolved } from '../../src/config/load_plan.js';
import { allLayers } from '../../src/config/network.js';
import { ConfigError } from '../../src/config/problem.js';
import { temporaryDirectory } from '../helpers/temporary_directory.js';

let directory: string;
beforeEach(() => {
  directory = temporaryDirectory();
});

const BLOCKS = `blocks:
  basic:
    options: {filters: required, stride: 1, shortcut: []}
    layers:
      - type: residual
        shortcut: $shortcut
        layers:
          - {type: conv, name: conv1, filters: $filters, kernel: 3, stride: $stride, padding: 1}
          - {type: relu}
`;
/** A config with those blocks, and these layers before its classifier. */
const withLayers = (layers: string, blocks = BLOCKS) => `${blocks}name: b
dataset: {type: shapes}
optimizer: {type: sgd}
training: {epochs: 1, batch_size: 8}
model:
  layers:
${layers
  .split('\n')
  .map((line) => `    ${line}\n`)
  .join('')}    - {type: global_avg_pool}
    - {type: linear, name: fc, units: num_classes}
`;

function load(text: string, sets: string[] = [], others: Record<string, string> = {}) {
  mkdirSync(directory, { recursive: true });
  for (const [name, content] of Object.entries(others)) writeFileSync(join(directory, name), content);
  writeFileSync(join(directory, 'a.yaml'), text);
  return loadPlan(join(directory, 'a.yaml'), sets);
}

async function mistakes(...args: Parameters<typeof load>): Promise<string[]> {
  const error = await load(...args).then(
    () => null,
    (caught: unknown) => caught,
  );
  if (!(error instanceof ConfigError)) throw new Error(`expected a ConfigError, got ${error}`);
  return error.message
    .split('\n')
    .slice(0, -1)
    .map((line) => line.replaceAll(`${directory}/`, ''));
}

describe('a use', () => {
  it('stands for the layers of its block, with its name before theirs', async () => {
    const uses = `- {type: basic, name: "0", filters: 3}
- {type: basic, name: b1, filters: 4, stride: 2, shortcut: [{type: conv, name: down, filters: 4, kernel: 1, stride: 2}]}`;
    const { plan } = await load(withLayers(uses));
    expect(
      allLayers(plan.network)
        .filter(({ tensors }) => tensors.length > 0)
        .map(({ name, output }) => `${name}: ${output.join(' × ')}`),
    ).toEqual(['0.conv1: 3 × 32 × 32', 'b1.conv1: 4 × 16 × 16', 'b1.down: 4 × 16 × 16', 'fc: 8']);
    expect(plan.config).not.toHaveProperty('blocks');
    expect(plan.config.model.layers[0]).toMatchObject({ type: 'sequential', name: '0' });
    // What a run directory keeps of it needs no blocks.
    expect(planFromResolved(JSON.parse(JSON.stringify(plan.config)), 'plan.json')).toEqual(plan);
  });

  it('of a block in a block, and in an option', async () => {
    const blocks = `${BLOCKS}  twice:
    options: {inner: required}
    layers:
      - {type: basic, name: a, filters: 3, shortcut: $inner}
      - {type: basic, name: b, filters: 3}
`;
    const { plan } = await load(
      withLayers('- {type: twice, name: t, inner: [{type: basic, name: c, filters: 3}]}', blocks),
    );
    const names = allLayers(plan.network).filter(({ tensors }) => tensors.length > 0);
    expect(names.map(({ name }) => name)).toEqual(['t.a.conv1', 't.a.c.conv1', 't.b.conv1', 'fc']);
  });

  it('leaves the types of initializations alone, in a block and beside it', async () => {
    const init = '{type: normal, std: 0.5}';
    const blocks = BLOCKS.replace('padding: 1}', `padding: 1, init: ${init}}`);
    const text = withLayers('- {type: basic, name: b, filters: 3}', blocks);
    const { plan } = await load(
      text.replace('model:', 'model:\n  init: {linear: {type: constant, value: 2}}'),
    );
    const starts = allLayers(plan.network).map(({ name, tensors }) => [name, tensors[0]?.init]);
    expect(Object.fromEntries(starts)).toMatchObject({
      'b.conv1': { kind: 'normal', std: 0.5 },
      fc: { kind: 'constant', value: 2 },
    });
  });

  it('puts an initialization in place that an option of any name gives, or has as its default', async () => {
    const options = 'options: {start: {type: constant, value: 3}, ';
    const blocks = BLOCKS.replace('options: {', options).replace('padding: 1}', 'padding: 1, init: $start}');
    const { plan } = await load(
      withLayers(
        '- {type: basic, name: a, filters: 3, start: {type: normal, std: 0.5}}\n- {type: basic, name: b, filters: 3}',
        blocks,
      ),
    );
    const starts = allLayers(plan.network).map(({ name, tensors }) => [name, tensors[0]?.init]);
    expect(Object.fromEntries(starts)).toMatchObject({
      'a.conv1': { kind: 'normal', std: 0.5 },
      'b.conv1': { kind: 'constant', value: 3 },
    });
  });

  it('takes --set by the name of the use, and of the block', async () => {
    const text = withLayers(
      '- {type: basic, name: l, filters: 3}\n- {type: conv, name: c, filters: 2, kernel: 1}',
    );
    const { plan } = await load(text, [
      'model.layers.l.stride=2',
      'model.layers.l.shortcut=[{type: max_pool, kernel: 2}]',
    ]);
    expect(plan.network.layers[0]!.output).toEqual([3, 16, 16]);
    const sets = ['blocks.basic.options.stride=2', 'model.layers.l.shortcut=[{type: max_pool, kernel: 2}]'];
    expect((await load(text, sets)).plan.network.layers[0]!.output).toEqual([3, 16, 16]);
  });

  it('is explained by the place in the block and by that of the use', async () => {
    const loaded = await load(withLayers('- {type: basic, name: l, filters: 3}'));
    const file = join(directory, 'a.yaml');
    const at = (key: string) => explainKey(loaded, `model.layers.l.layers.0.layers.${key}`);
    expect(at('conv1.kernel')).toMatchObject({
      value: 3,
      origin: `${file}:8:66 (used at ${file}:16:7)`,
      accepts: 'an integer of at least 1 or [height, width]',
    });
    expect(at('conv1.filters').origin).toBe(`${file}:16:39`);
    expect(at('conv1.stride').origin).toBe(`${file}:3:42 (used at ${file}:16:7)`);
    expect(at('1.name').origin).toBe('default');
  });

  it('of a block that extends another file, key by key', async () => {
    const base = withLayers('- {type: basic, name: l, filters: 3}');
    const over =
      'extends: base.yaml\nblocks: {basic: {options: {stride: 2, shortcut: [{type: max_pool, kernel: 2}]}}}\n';
    const loaded = await load(over, [], { 'base.yaml': base });
    expect(loaded.plan.network.layers[0]!.output).toEqual([3, 16, 16]);
    const explained = explainKey(loaded, 'model.layers.l.layers.0.layers.conv1.stride');
    expect(explained.replaced).toEqual([{ value: 1, origin: `${join(directory, 'base.yaml')}:3:42` }]);
  });

  it("of none: a base's block is taken away by null", async () => {
    const base = withLayers('- {type: basic, name: l, filters: 3}');
    const over = `extends: base.yaml
model: {layers: [{type: global_avg_pool}, {type: linear, name: fc, units: num_classes}]}
`;
    expect(await mistakes(over, [], { 'base.yaml': base })).toEqual([
      'base.yaml:2:3 blocks.basic: expected a block that a layer uses, as type: basic, got one that none does',
    ]);
    const { plan } = await load(`${over}blocks: {basic: null}\n`, [], { 'base.yaml': base });
    expect(plan.network.layers).toHaveLength(2);
  });
});

describe('a mistake', () => {
  it('of the schema in a block is told at its place, once, with all uses', async () => {
    const blocks = BLOCKS.replace('kernel: 3', 'kernel: no');
    const uses =
      '- {type: basic, filters: 3}\n- type: sequential\n  name: s\n  layers: [{type: basic, filters: 3}]';
    expect(await mistakes(withLayers(uses, blocks))).toEqual([
      'a.yaml:8:66 blocks.basic.layers.0.layers.0.kernel: expected an integer of at least 1 or [height, width], got "no" (used at a.yaml:16:7; a.yaml:19:16)',
    ]);
  });

  it('of a shape is told in the block, and names the use that has it', async () => {
    const uses = '- {type: basic, name: a, filters: 3}\n- {type: basic, name: b, filters: 5}';
    expect(await mistakes(withLayers(uses))).toEqual([
      'a.yaml:5:9 blocks.basic.layers.0: expected one output shape of layers and shortcut, got 5 × 32 × 32 and 3 × 32 × 32 (used at a.yaml:17:7)',
    ]);
  });

  it('of a value is told where the use gives it', async () => {
    expect(
      await mistakes(
        withLayers('- {type: basic, filters: 0, shortcut: [{type: conv, name: c, filters: x, kernel: 1}]}'),
      ),
    ).toEqual([
      'a.yaml:16:30 model.layers.0.filters: expected an integer of at least 1 or num_classes, got 0',
      'a.yaml:16:75 model.layers.0.shortcut.0.filters: expected an integer of at least 1 or num_classes, got "x"',
    ]);
    const set = await mistakes(withLayers('- {type: basic, name: l, filters: 3}'), [
      'model.layers.l.filters=-1',
    ]);
    expect(set).toEqual([
      '--set model.layers.l.filters=-1 model.layers.0.filters: expected an integer of at least 1 or num_classes, got -1',
    ]);
  });

  it('in a block of a block names both uses', async () => {
    const blocks = `${BLOCKS.replace('kernel: 3', 'kernel: 99')}  outer:\n    layers: [{type: basic, filters: 3}]\n`;
    expect(await mistakes(withLayers('- {type: outer, name: o}', blocks))).toEqual([
      expect.stringMatching(
        /^a\.yaml:8:66 blocks\.basic\.layers\.0\.layers\.0\.kernel: .*\(used at a\.yaml:11:14, itself used at a\.yaml:18:7\)$/,
      ),
    ]);
  });

  it.each([
    [
      'unknown, missing',
      '- {type: basic, filter: 3}\n- {type: basic, stride: 2}',
      BLOCKS,
      [
        'a.yaml:16:21 model.layers.0.filter: expected an option of basic (filters, stride, shortcut), got filter; did you mean filters?',
        'a.yaml:17:7 model.layers.1: expected the option filters of basic, got only stride',
      ],
    ],
    [
      'unknown type',
      '- {type: basic, filters: 3}\n- {type: basik, filters: 3}',
      BLOCKS,
      [
        expect.stringMatching(
          /^a\.yaml:17:14 model\.layers\.1\.type: expected one of conv, .*, or of the blocks basic, got "basik"; did you mean basic\?$/,
        ),
      ],
    ],
    [
      'taken away',
      '- {type: gone}',
      'blocks: {gone: null}\n',
      [
        expect.stringMatching(
          /^a\.yaml:8:14 model\.layers\.0\.type: expected one of conv, [a-z_, ]*branches, got "gone"$/,
        ),
      ],
    ],
    [
      'unknown $option',
      '- {type: basic, filters: 3}',
      BLOCKS.replace('filters: $filters', 'filters: $filter').replace('filters: required', 'filters: 1'),
      [
        "a.yaml:3:15 blocks.basic.options.filters: expected an option that the block's layers name, as $filters, got one that none of them does",
        'a.yaml:8:48 blocks.basic.layers.0.layers.0.filters: expected an option of the block ($filters, $stride, $shortcut), got $filter; did you mean $filters? (used at a.yaml:16:7)',
      ],
    ],
    [
      'circle',
      '- {type: a}',
      'blocks:\n  a: {layers: [{type: b}]}\n  b: {layers: [{type: a}]}\n',
      [
        'a.yaml:3:16 blocks.b.layers.0: expected blocks that do not use themselves in a circle, got a → b → a (used at a.yaml:2:16, itself used at a.yaml:10:7)',
      ],
    ],
    [
      'names of types, unknown keys, no layers',
      '- {type: a}',
      'blocks:\n  conv: {layers: [{type: relu}], x: 1}\n  a: {option: {}}\n',
      [
        'a.yaml:2:3 blocks.conv: expected a name that no type of layer has, got conv',
        'a.yaml:2:3 blocks.conv: expected a block that a layer uses, as type: conv, got one that none does',
        'a.yaml:2:34 blocks.conv.x: expected a key of a block (options, layers), got x',
        'a.yaml:3:6 blocks.a: expected layers, a list of at least 1 item, got none',
        'a.yaml:3:7 blocks.a.option: expected a key of a block (options, layers), got option; did you mean options?',
      ],
    ],
    [
      'no map',
      '- {type: relu}',
      'blocks: [1]\n',
      ['a.yaml:1:9 blocks: expected a map of blocks by their names, got a list of 1'],
    ],
  ])('%s', async (_name, uses, blocks, expected) => {
    expect(await mistakes(withLayers(uses, blocks))).toEqual(expected);
  });

  it('blocks that multiply, or nest deeper than a run directory can be read, are refused', async () => {
    const doubling = Array.from({ length: 30 }, (_, level) => {
      const use = level === 0 ? '{type: relu}' : `{type: b${level - 1}}`;
      return `  b${level}: {layers: [${use}, ${use}]}\n`;
    });
    const flat = (levels: number) => `blocks:\n${doubling.slice(0, levels).join('')}`;
    expect(await mistakes(withLayers('- {type: b29}', flat(30)))).toEqual([
      expect.stringMatching(
        /expected at most 40 levels of maps and lists after blocks are put in place, got more/,
      ),
    ]);
    expect(await mistakes(withLayers('- {type: b15}', flat(16)))).toEqual([
      expect.stringMatching(
        /expected a network of at most 50000 values after blocks are put in place, got more/,
      ),
    ]);
    const options = Array.from({ length: 15 }, (_, level) => `{type: d, x: `.repeat(level)).at(-1)!;
    const nested = `- ${options}{type: relu}${'}'.repeat(14)}`;
    const values = 'blocks:\n  d: {options: {x: required}, layers: [$x, $x, $x, $x]}\n';
    expect(await mistakes(withLayers(nested, values))).toEqual([
      expect.stringMatching(/after blocks are put in place, got more/),
    ]);
  });
});
