import { tensorName } from '../registry/layers/layer.js';
import { elements } from '../shape.js';
import { type PlannedLayer, subtree } from './network.js';
import { isFrozen } from './parameter_groups.js';
import type { Plan } from './resolve.js';

/** The most that the features of a run may take on the disk: 4 GiB. */
export const MOST_FEATURE_BYTES = 4 * 2 ** 30;

/** How far up the main stack training changes nothing, and how far an image gives the same features in every epoch. */
export interface FrozenPrefix {
  /** Top-level layers, from the first to the last one with parameters, that are frozen as a whole. */
  readonly frozen: number;
  /** Top-level layers, from the first, behind which features are computed once and kept; 0 where they are not. */
  readonly cached: number;
  /** Why fewer layers are cached than are frozen; null where they are not fewer. */
  readonly reason: string | null;
}

/** Without frozen parameters, three nothings. */
export function frozenPrefix(plan: Plan): FrozenPrefix {
  const { layers } = plan.network;
  const isTrained = (layer: PlannedLayer) => names(layer).some((name) => !plan.frozen.has(name));
  const firstTrained = layers.findIndex(isTrained);
  const below = firstTrained === -1 ? layers : layers.slice(0, firstTrained);
  const frozen = below.findLastIndex((layer) => names(layer).length > 0) + 1;
  if (frozen === 0) {
    const reason =
      plan.frozen.size > 0 ? `${layers[firstTrained]!.name}, below what is frozen, is trained` : null;
    return { frozen, cached: 0, reason };
  }
  const none = (reason: string) => ({ frozen, cached: 0, reason });
  const { augmentation } = plan.config;
  if (augmentation.length > 0) {
    const types = augmentation.map(({ type }) => type).join(' and ');
    return none(`augmentation: ${types} changes the images anew in each epoch`);
  }
  if (plan.config.mixing) return none('mixing: images are mixed anew in each epoch');
  const obstacles = below.map((layer) => obstacle(plan, layer));
  const first = obstacles.findIndex((found) => found !== null);
  const cached = first === -1 ? below.length : first;
  const reason = cached < frozen ? obstacles[first]! : null;
  // Where nothing is frozen there is hardly anything to save.
  if (!below.slice(0, cached).some((layer) => names(layer).length > 0)) return none(reason!);
  const bytes = featureBytes(plan, cached);
  if (bytes > MOST_FEATURE_BYTES) {
    return none(`they would take ${gib(bytes)}, and at most ${gib(MOST_FEATURE_BYTES)} are kept`);
  }
  return { frozen, cached, reason };
}

/** What the features of all images of a run take, float32, behind the first `count` layers. */
function featureBytes({ network, dataset }: Plan, count: number): number {
  const { train, validation, test } = dataset.count;
  return (train + validation + test) * elements(network.layers[count - 1]!.output) * 4;
}

/** Whole names of a layer's parameters, and of those of what it holds. */
function names(layer: PlannedLayer): string[] {
  return subtree(layer).flatMap(({ name, tensors }) =>
    tensors.filter(({ role }) => role === 'parameter').map((tensor) => tensorName(name, tensor.name)),
  );
}

/** What keeps the output of a layer without trained parameters from being the same in every epoch, or from being left out. */
function obstacle({ network, frozen }: Plan, layer: PlannedLayer): string | null {
  const inside = subtree(layer);
  const head = network.auxiliary.find(({ after }) => inside.some(({ name }) => name === after));
  if (head) return `${head.name} reads ${head.after}`;
  const random = inside.find(({ mask }) => mask !== null);
  if (random) return `${random.name} (${random.options.type}) drops at random`;
  const moving = inside.find(
    (each) => each.tensors.some(({ role }) => role === 'buffer') && !isFrozen(each, frozen),
  );
  return moving
    ? `${moving.name} (${moving.options.type}) has no parameters to freeze: its statistics go on`
    : null;
}

/** The plan of the first `count` layers, which give features. */
export function prefixPlan(plan: Plan, count: number): Plan {
  const { network } = plan;
  return { ...plan, network: { ...network, layers: network.layers.slice(0, count), auxiliary: [] } };
}

/** The plan of all other layers, which read these features. */
export function restPlan(plan: Plan, count: number): Plan {
  const { network } = plan;
  return { ...plan, network: { ...network, reads: 'features', layers: network.layers.slice(count) } };
}

const gib = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(1)} GiB`;
