import { dirname, relative, resolve } from 'node:path';
import type { Plan } from '../config/resolve.js';
import { shorten } from '../config/words.js';
import { datasets } from '../registry/datasets/index.js';
import { readWeightsSource } from '../runs/weights_source.js';
import { normalization } from '../survey/channel_sums.js';
import { grouped } from '../terminal/format.js';
import { chooseNetwork } from './choose_network.js';
import { chooseWeights } from './choose_weights.js';
import { datasetOptions } from './dataset_options.js';
import { channelsOf, lookAtPhotos, type PhotoPlace, type Photos } from './look_at_photos.js';
import { commentedConfig } from './template.js';

export interface PhotoConfig {
  readonly text: string;
  readonly plan: Plan;
  /** The network's name. */
  readonly model: string;
  /** What was seen and why the config is as it is, a sentence each. */
  readonly about: readonly string[];
}

/**
 * Looks at a user's images and writes a config that trains on them.
 * @param weights a file that the network starts from: fine-tuning
 * @param file where the text will be kept
 * @throws UserError where there is something wrong with the images or the weights
 */
export async function photoConfig(
  place: PhotoPlace,
  weights: string | undefined,
  { name, file }: { readonly name: string; readonly file: string },
): Promise<PhotoConfig> {
  const photos = await lookAtPhotos(place);
  const choice =
    weights === undefined
      ? chooseNetwork(photos)
      : await chooseWeights(
          photos,
          (await readWeightsSource(weights)).tensors,
          relative(dirname(resolve(file)), resolve(weights)),
        );
  // Weights of others expect what they were trained with.
  const channels = weights === undefined ? await channelsOf(photos, choice.size) : null;
  const about = [...seen(photos), `${choice.why}.`];
  const { text, plan } = await commentedConfig({
    base: choice.base,
    keys: {
      name,
      dataset: {
        ...datasetOptions(photos.type, photos.root),
        ...(photos.unreadable > 0 && { unreadable: 'skip' }),
      },
      'input.resize': choice.size,
      'input.normalize': channels ? normalization(channels) : datasets[photos.type].statistics,
      ...choice.keys,
    },
    about,
    file,
  });
  return { text, plan, model: choice.base.replace(/^.*\/|\.yaml$/g, ''), about };
}

function seen({ root, classes, count, shorter, unreadable, looked }: Photos): string[] {
  const all = count.train + count.validation + count.test;
  const counts = `${grouped(count.train)} for training, ${grouped(count.validation)} for validation, ${grouped(count.test)} for the test`;
  const of = looked < all ? ` of ${grouped(looked)} looked at` : '';
  return [
    `${shorten(root, 200)}: ${grouped(all)} images of ${grouped(classes.length)} classes, ${counts}; shorter sides of ${shorter.least} to ${shorter.most} pixels.`,
    ...(unreadable > 0
      ? [`${grouped(unreadable)} images${of} cannot be read and are left out: gnet data tells why.`]
      : []),
  ];
}
