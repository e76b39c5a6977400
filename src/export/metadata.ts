import { createHash } from 'node:crypto';
import { canonicalJson } from '../config/canonical.js';
import type { OpenedCheckpoint } from '../inference/open_checkpoint.js';
import { gnetVersion } from '../version.js';

/** What an exported file says of its model; every format keeps texts by name. */
export type ExportMetadata = Readonly<
  Record<'name' | 'classes' | 'step' | 'config' | 'config_sha256' | 'gnet_version', string>
>;

/** `classes` and `config` are JSON; `config_sha256` is the digest of the text in `config`. */
export async function exportMetadata({ plan, step }: OpenedCheckpoint): Promise<ExportMetadata> {
  const config = canonicalJson(plan.config);
  return {
    name: plan.config.name,
    classes: JSON.stringify(plan.dataset.classes),
    step: String(step),
    config,
    config_sha256: createHash('sha256').update(config).digest('hex'),
    gnet_version: await gnetVersion(),
  };
}
