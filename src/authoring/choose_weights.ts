import { readdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { loadPlan } from '../config/load_plan.js';
import { printable } from '../config/words.js';
import { UserError } from '../errors.js';
import type { StateTensor } from '../storage/safetensors.js';
import { batchSize, type Choice, epochs } from './choose_network.js';
import { datasetOptions } from './dataset_options.js';
import type { Photos } from './look_at_photos.js';

/** What weights of others were trained with. */
const SIZE = 224;
/** Fewer training images than that teach a new last layer, and would spoil the layers below. */
const FEW = 1000;
/** The share of names and shapes that a file must have in common with a network. */
const ALIKE = 0.8;

/** The network that a file of weights is of, and what of it is trained. */
interface Fit {
  readonly network: string;
  readonly share: number;
  /** Names that the file gives. */
  readonly loaded: readonly string[];
  /** Of the model and of the file, what the other lacks, or has in another shape. */
  readonly different: readonly string[];
}

/**
 * Fine-tuning of the network that a file of weights is of: with few images its last layer alone, on features that are
 * computed once; with more of them all layers, slowly.
 * @param file as the config names it
 * @throws UserError where it is none of the networks in configs/zoo
 */
export async function chooseWeights(
  photos: Photos,
  tensors: ReadonlyMap<string, StateTensor>,
  file: string,
): Promise<Choice> {
  const { network, loaded, different } = await bestFit(photos, tensors, file);
  const ignore = layersOf(different);
  const count = photos.count.train;
  const batch = batchSize(count);
  const init = { file, ignore, strip_prefix: null };
  const optimizer = { type: 'sgd', learning_rate: 0.01, momentum: 0.9 };
  const common = { init, 'training.batch_size': batch, schedule: { type: 'cosine' } };
  const base = `zoo/${network}.yaml`;
  const what = `${network}, whose weights the file has, at ${SIZE} × ${SIZE} pixels`;
  if (count < FEW) {
    const frozen = [{ match: shortest(loaded, different), frozen: true }];
    const keys = {
      ...common,
      optimizer,
      augmentation: [],
      parameter_groups: frozen,
      'training.epochs': epochs(count, batch, [10, 60]),
    };
    return {
      base,
      size: SIZE,
      keys,
      why: `${what}; with fewer than ${FEW} training images, only what starts afresh is trained, on features that are computed once`,
    };
  }
  const groups = [{ match: ignore, learning_rate_factor: 10 }];
  const keys = {
    ...common,
    optimizer: { ...optimizer, learning_rate: 0.002 },
    parameter_groups: ignore.length === 0 ? [] : groups,
    'training.epochs': 10,
  };
  return {
    base,
    size: SIZE,
    keys,
    why: `${what}; all layers are trained, what starts afresh ten times as fast`,
  };
}

async function bestFit(
  photos: Photos,
  tensors: ReadonlyMap<string, StateTensor>,
  file: string,
): Promise<Fit> {
  const { stateSpecs } = await import('../model/state_specs.js');
  const folder = fileURLToPath(new URL('../../configs/zoo/', import.meta.url));
  const names = (await readdir(folder)).filter((name) => name.endsWith('.yaml')).sort();
  const dataset = `dataset=${JSON.stringify(datasetOptions(photos.type, photos.root))}`;
  let best: Fit | undefined;
  for (const name of names) {
    const { plan } = await loadPlan(`${folder}${name}`, [
      dataset,
      `input.resize=${SIZE}`,
      'training.batch_size=1',
    ]);
    const specs = stateSpecs(plan.network);
    const loaded = [...specs]
      .filter(([key, { shape }]) => tensors.get(key)?.shape.join() === shape.join())
      .map(([key]) => key);
    const all = new Set([...specs.keys(), ...tensors.keys()]);
    const share = loaded.length / all.size;
    const different = [...all].filter((key) => !loaded.includes(key));
    if (!best || share > best.share)
      best = { network: name.replace(/\.yaml$/, ''), share, loaded, different };
  }
  if (best && best.share >= ALIKE) return best;
  const near = best ? `: ${best.network} is nearest, with ${best.loaded.length} of its tensors` : '';
  throw new UserError(
    `--init ${printable(file)}: expected the weights of one of ${names.map((name) => name.replace(/\.yaml$/, '')).join(', ')}, got others${near}`,
    {
      hint: 'Write the config without --init, and add init as docs/fine-tuning.md tells.',
      exitCode: 2,
    },
  );
}

/** Patterns for `init.ignore`: each layer by its name. */
function layersOf(names: readonly string[]): string[] {
  return [...new Set(names.map((name) => `${name.slice(0, name.lastIndexOf('.') + 1)}*`))];
}

/** Patterns that match all of `names` and none of `others`, each as short as can be: `layer1.*`. */
function shortest(names: readonly string[], others: readonly string[]): string[] {
  const patterns = names.map((name) => {
    const parts = name.split('.');
    const prefixes = parts.slice(1).map((_, index) => `${parts.slice(0, index + 1).join('.')}.`);
    const own = prefixes.find((prefix) => !others.some((other) => other.startsWith(prefix)));
    return own === undefined ? name : `${own}*`;
  });
  return [...new Set(patterns)];
}
