import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';
import { loadPlan } from '../src/config/load_plan.js';
import { temporaryDirectory } from './helpers/temporary_directory.js';

const configs = ['README.md', 'docs/augmentation.md', 'docs/configs.md', 'docs/layers.md'].flatMap(
  (document) =>
    [...readFileSync(document, 'utf8').matchAll(/^```yaml\n(.*?)^```/gms)].map(
      ([, text], index) => [document, index, text!] as const,
    ),
);

it('finds the configs of the documents', () => expect(configs.length).toBeGreaterThanOrEqual(4));

it.each(configs)('%s, config %d is valid from the root of the project', async (_document, _index, text) => {
  const file = join(temporaryDirectory(), 'config.yaml');
  writeFileSync(
    file,
    text.replace(/^extends: (.*)$/m, (_line, base: string) => `extends: ${resolve(base)}`),
  );
  await loadPlan(file);
});
