import { expect, test } from 'vitest';
import { storedPlan } from '../../src/runs/stored_plan.js';
import { SPLIT } from '../helpers/tiny_config.js';
import { tinyPlan } from '../helpers/tiny_plan.js';

const plan = tinyPlan(SPLIT);
const stored = () =>
  structuredClone({ config: plan.config, dataset: plan.dataset }) as unknown as {
    config: { dataset: Record<string, unknown> };
    dataset: Record<string, unknown>;
  };

test('what a run knew of its data is not asked for again', () => {
  const { config, dataset } = stored();
  expect(storedPlan({ config, dataset }, 'plan.json')).toEqual(plan);
  const classes = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
  expect(storedPlan({ config, dataset: { ...dataset, classes } }, 'plan.json').dataset.classes).toEqual(
    classes,
  );
});

test('a run from before it was kept: the entry is asked, and the test set has chosen', () => {
  const { config } = stored();
  delete config.dataset.validation;
  // As such a plan.json has it.
  const dataset = { classes: ['a'], image: plan.dataset.image, count: { train: 52, test: 20 } };
  for (const older of [{ config }, { config, dataset }]) {
    expect(storedPlan(older, 'plan.json').dataset).toEqual({
      ...plan.dataset,
      count: { train: 65, validation: 0, test: 20 },
      chosenOn: 'test',
    });
  }
  expect(storedPlan({ config: stored().config }, 'plan.json')).toEqual(plan);
});

test.each([
  [{ classes: [] }, /classes must NOT have fewer than 1 items/],
  [{ classes: ['\u001b[2J'] }, /classes\.0 must match pattern/],
  [{ image: { channels: 2, height: 32, width: 32 } }, /image\.channels must be equal to one of/],
  [{ image: { channels: 3, height: 1e9, width: 32 } }, /image\.height must be <= 4096/],
  [{ count: { train: 0, validation: 13, test: 20 } }, /count\.train must be >= 1/],
  [{ count: { train: 52, test: 20 } }, /count must have required property 'validation'/],
  [{ chosenOn: 'train' }, /chosenOn must be equal to one of/],
  [{ chosenOn: 'test' }, /expected what belongs to validation: 0\.2/],
  [{ count: { train: 52, validation: 0, test: 20 } }, /expected what belongs to validation: 0\.2/],
  [{ more: 1 }, /must NOT have additional properties/],
])('refuses %j', (change, message) => {
  const { config, dataset } = stored();
  const damaged = { config, dataset: { ...dataset, ...change } };
  expect(() => storedPlan(damaged, 'run/plan.json')).toThrow(message);
  expect(() => storedPlan(damaged, 'run/plan.json')).toThrow(/^run\/plan\.json: /);
});
