import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { describePlan, descriptionTable } from '../../src/authoring/describe.js';
import { loadPlan } from '../../src/config/load_plan.js';
import { temporaryDirectory } from '../helpers/temporary_directory.js';
import { tinyConfig } from '../helpers/tiny_config.js';

const describeConfig = async (file: string, sets: string[]) =>
  describePlan((await loadPlan(file, sets)).plan, { expand: false });

describe('the network of the article', () => {
  const described = describeConfig('configs/googlenet-cifar10.yaml', []);

  test('has its shapes, parameters and multiply-accumulates', async () => {
    const { name, input, layers, auxiliary, parameters, macs } = await described;
    expect({ name, input, parameters }).toEqual({
      name: 'googlenet-cifar10',
      input: [3, 224, 224],
      parameters: 20_401_988,
    });
    expect(
      layers.map(({ name: layer, output, parameters: count }) => [layer, output.join('×'), count]),
    ).toEqual([
      ['conv1', '64×110×110', 64 * 3 * 49 + 64],
      ['maxpool1', '64×55×55', 0],
      ['conv2', '192×55×55', 192 * 64 * 9 + 192],
      ['maxpool2', '192×28×28', 0],
      ['inception1', '256×28×28', 163_696],
      ['inception2', '480×28×28', 388_736],
      ['inception3', '704×28×28', 746_368],
      ['avgpool', '704', 0],
      ['fc', '10', 7050],
    ]);
    expect(auxiliary.map(({ name: layer, output }) => [layer, output.join('×')])).toEqual([
      ['aux_classifier.pool', '704×12×12'],
      ['aux_classifier.conv', '128×12×12'],
      ['aux_classifier.flatten', '18432'],
      ['aux_classifier.fc1', '1024'],
      ['aux_classifier.fc2', '10'],
    ]);
    const all = [...layers, ...auxiliary];
    expect(all.reduce((sum, layer) => sum + layer.parameters, 0)).toBe(parameters);
    expect(all.reduce((sum, layer) => sum + layer.macs, 0)).toBe(macs);
    expect(layers[0]!.macs).toBe(64 * 110 * 110 * 3 * 49);
    expect(layers[2]!.macs).toBe(192 * 55 * 55 * 64 * 9);
  });

  test('as a table', async () => {
    const lines = descriptionTable(await described).split('\n');
    expect(lines[0]).toBe('googlenet-cifar10');
    expect(lines[2]).toMatch(/^layer +type +output +parameters +MACs$/);
    expect(lines[4]).toMatch(/^conv1 +conv +64 × 110 × 110 +9,472 +113,836,800$/);
    expect(lines.find((line) => line.startsWith('total'))).toMatch(
      /^total +20,401,988 +\d,\d{3},\d{3},\d{3}$/,
    );
    expect(lines.at(-1)).toBe('aux_classifier: reads inception3, its loss counts 0.4; in training only');
    // Numbers end in one column.
    const ends = lines.slice(2, -2).map((line) => line.length);
    expect(ends[0]).toBe(ends[2]);
  });
});

test('overrides count, and a network without heads has no notes', async () => {
  const file = join(temporaryDirectory(), 'tiny.yaml');
  writeFileSync(file, tinyConfig());
  const description = await describeConfig(file, ['model.auxiliary=[]', 'model.layers.conv1.filters=2']);
  expect(description).toMatchObject({ auxiliary: [], input: [3, 32, 32] });
  expect(description.layers[0]).toMatchObject({
    name: 'conv1',
    output: [2, 8, 8],
    parameters: 2 * 3 * 9 + 2,
  });
  expect(descriptionTable(description).split('\n').at(-1)).toMatch(/^total +[\d,]+ +[\d,]+$/);
});

test('trained and frozen parameters and buffers are counted; what a composite stands for is there if asked', async () => {
  const { plan } = await loadPlan('configs/finetune-resnet18.yaml');
  const description = describePlan(plan, { expand: false });
  // The classifier of ten classes; torchvision's resnet18 has the other numbers.
  expect(description).toMatchObject({ parameters: 11_181_642, trained: 5130, buffers: 9620 });
  expect(descriptionTable(description)).toContain(
    '\n5,130 parameters trained, 11,176,512 frozen, 9,620 numbers in buffers\n',
  );
  const names = ({ layers }: typeof description) => layers.map(({ name }) => name);
  expect(names(description)).not.toContain('layer1.0.conv1');
  expect(names(describePlan(plan, { expand: true }))).toContain('layer1.0.conv1');
});

describe('frozen layers', () => {
  const frozen = 'parameter_groups=[{match: ["conv1.*"], frozen: true}]';
  const notes = async (sets: string[]) => {
    const description = await describeConfig('configs/smoke.yaml', sets);
    return { frozen: description.frozen, lines: descriptionTable(description).split('\n').slice(-2) };
  };

  test('are counted, and what becomes of their features is told', async () => {
    expect(await notes([frozen])).toEqual({
      frozen: {
        frozen: 1,
        cached: 2,
        reason: null,
        of: 6,
        features: { behind: 'maxpool1', shape: [8, 8, 8] },
      },
      lines: [
        'frozen: the first 1 of 6 top-level layers',
        'features: computed once behind maxpool1 (8 × 8 × 8), then read',
      ],
    });
    const flipped = await notes([frozen, 'augmentation=[{type: random_flip}]']);
    expect(flipped.lines[1]).toBe(
      'features: computed anew in each epoch; augmentation: random_flip changes the images anew in each epoch',
    );
  });

  test('are not spoken of where there are none', async () => {
    const description = await describeConfig('configs/smoke.yaml', []);
    expect(description.frozen).toBeNull();
    expect(descriptionTable(description)).not.toContain('frozen');
  });
});
