import { describe, expect, it } from 'vitest';
import { networkDiagram } from '../../src/authoring/diagram.js';
import { loadPlan } from '../../src/config/load_plan.js';
import type { Plan } from '../../src/config/resolve.js';
import { tinyPlan } from '../helpers/tiny_plan.js';

it('draws layers, branches, heads and the loss', () => {
  expect(networkDiagram(tinyPlan({ name: '1.0' }), true)).toBe(`---
title: "1.0"
---
flowchart TB
  input(["input<br/>3 × 32 × 32"])
  layer0["conv1<br/>conv 3×3, stride 4, relu<br/>6 × 8 × 8"]
  subgraph layer1_inside["inception1 (inception)"]
    layer1_0_0_0["conv1x1<br/>conv 1×1, relu<br/>4 × 8 × 8"]
    layer1_0_1_0["conv3x3<br/>conv 3×3, relu<br/>4 × 8 × 8"]
    layer1_0_2_0["conv5x5<br/>conv 5×5, relu<br/>2 × 8 × 8"]
    layer1_0_3_0["pool<br/>max_pool 3×3<br/>6 × 8 × 8"]
    layer1_0_3_1["convpool<br/>conv 1×1, relu<br/>2 × 8 × 8"]
    layer1_0(["concat<br/>12 × 8 × 8"])
  end
  layer2["dropout<br/>12 × 8 × 8"]
  layer3["pool<br/>global_avg_pool<br/>12"]
  layer4["fc<br/>linear<br/>8"]
  subgraph head0["head (in training only)"]
    head0_layer0["pool<br/>avg_pool 4×4, stride 4<br/>12 × 2 × 2"]
    head0_layer1["flatten<br/>48"]
    head0_layer2["dropout<br/>48"]
    head0_layer3["fc<br/>linear<br/>8"]
  end
  loss(["loss<br/>cross_entropy: main + 0.4 · head"])
  input --> layer0
  layer0 --> layer1_0_0_0
  layer0 --> layer1_0_1_0
  layer0 --> layer1_0_2_0
  layer0 --> layer1_0_3_0
  layer1_0_3_0 --> layer1_0_3_1
  layer1_0_0_0 --> layer1_0
  layer1_0_1_0 --> layer1_0
  layer1_0_2_0 --> layer1_0
  layer1_0_3_1 --> layer1_0
  layer1_0 --> layer2
  layer2 --> layer3
  layer3 --> layer4
  layer1_0 -.-> head0_layer0
  head0_layer0 --> head0_layer1
  head0_layer1 --> head0_layer2
  head0_layer2 --> head0_layer3
  layer4 --> loss
  head0_layer3 -. "× 0.4" .-> loss`);
});

it('a stride that is not square, and one that is that of the window', () => {
  const pool = (options: object) => ({ type: 'max_pool', name: 'p', kernel: [3, 2], ...options });
  const drawn = (options: object) => {
    const model = {
      layers: [
        pool(options),
        { type: 'global_avg_pool', name: 'g' },
        { type: 'linear', name: 'fc', units: 'num_classes' },
      ],
    };
    return /p<br\/>(.*?)<br/.exec(networkDiagram(tinyPlan({ model }), true))?.[1];
  };
  expect(drawn({ stride: [1, 2] })).toBe('max_pool 3×2, stride 1×2');
  expect(drawn({})).toBe('max_pool 3×2, stride 3×2');
  expect(drawn({ stride: 1 })).toBe('max_pool 3×2');
});

it('draws what has a name of its own as a frame, and an empty branch as an edge', () => {
  const model = {
    layers: [
      {
        type: 'sequential',
        name: 's',
        layers: [
          { type: 'residual', activation: 'relu', layers: [{ type: 'relu' }] },
          { type: 'branches', branches: [{ layers: [] }, { layers: [{ type: 'relu', name: 'r' }] }] },
        ],
      },
      { type: 'global_avg_pool' },
      { type: 'linear', name: 'fc', units: 'num_classes' },
    ],
    auxiliary: [],
  };
  expect(networkDiagram(tinyPlan({ model }), true).split('\n').slice(4, -1)).toEqual([
    '  input(["input<br/>3 × 32 × 32"])',
    '  subgraph layer0_inside["s (sequential)"]',
    '    layer0_0_0_0["relu-0<br/>relu<br/>3 × 32 × 32"]',
    '    layer0_0(["add, relu<br/>3 × 32 × 32"])',
    '    layer0_1_1_0["r<br/>relu<br/>3 × 32 × 32"]',
    '    layer0_1(["concat<br/>6 × 32 × 32"])',
    '  end',
    '  layer1["global_avg_pool-1<br/>global_avg_pool<br/>6"]',
    '  layer2["fc<br/>linear<br/>8"]',
    '  loss(["loss<br/>cross_entropy: main"])',
    '  input --> layer0_0_0_0',
    '  layer0_0_0_0 --> layer0_0',
    '  input --> layer0_0',
    '  layer0_0 --> layer0_1_1_0',
    '  layer0_0 --> layer0_1',
    '  layer0_1_1_0 --> layer0_1',
    '  layer0_1 --> layer1',
    '  layer1 --> layer2',
  ]);
});

it('draws a block of a known network as one node, which heads may read', async () => {
  const { plan } = await loadPlan('configs/zoo/resnet50.yaml');
  const lines = networkDiagram(plan, false).split('\n');
  expect(lines.filter((line) => line.includes('bottleneck'))).toHaveLength(3 + 4 + 6 + 3);
  expect(lines.length).toBeLessThan(70);
  expect(lines).toContainEqual(expect.stringContaining('["0<br/>bottleneck, stride 2<br/>512 × 8 × 8"]'));
  const convolutions = networkDiagram(plan, true).match(/<br\/>conv \d/g);
  expect(convolutions).toHaveLength(1 + 3 * 16 + 4);
});

describe.each([
  ['googlenet-cifar10', true],
  ['googlenet-cifar10', false],
  ['zoo/densenet121', false],
  ['zoo/googlenet', false],
  ['smoke', true],
] as const)('%s, expanded: %s', (name, expand) => {
  it('has an edge into and out of every node, and every edge between nodes', async () => {
    const lines = networkDiagram((await loadPlan(`configs/${name}.yaml`)).plan, expand).split('\n');
    const nodes = lines.flatMap((line) => /^ +(\w+)\(?\["/.exec(line)?.[1] ?? []);
    expect(new Set(nodes).size).toBe(nodes.length);
    const edges = lines
      .filter((line) => /-->|-\.->|\.->/.test(line))
      .flatMap((line) => {
        const ids = line.replace(/"[^"]*"/, '').match(/\w+/g)!;
        return ids.slice(1).map((to, index) => [ids[index]!, to] as const);
      });
    expect(new Set(edges.map(([from]) => from))).toEqual(new Set(nodes.filter((id) => id !== 'loss')));
    expect(new Set(edges.map(([, to]) => to))).toEqual(new Set(nodes.filter((id) => id !== 'input')));
  });
});

it('names cannot end their quotes, their line or a comment', () => {
  const plan = tinyPlan();
  const [first, ...rest] = plan.network.layers;
  const name = 'a"]; click input call x()\n%%{init: {}}%% <img src=x> `**b**` #quot; é';
  const evil: Plan = {
    ...plan,
    network: { ...plan.network, layers: [{ ...first!, label: name }, ...rest] },
  };
  const lines = networkDiagram(evil, true).split('\n');
  expect(lines).toHaveLength(networkDiagram(plan, true).split('\n').length);
  const line = lines.find((each) => each.startsWith('  layer0['))!;
  expect(line).toMatch(/^ {2}layer0\["[^"<>`%{}*;]*(?:(?:#\d+;|<br\/>)[^"<>`%{}*;]*)*"\]$/);
  const decoded = line.replace(/#(\d+);/g, (_, code) => String.fromCodePoint(Number(code)));
  expect(decoded).toContain(name);
});
