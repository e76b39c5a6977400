import type { Static } from '@sinclair/typebox';
import { augmentations } from './augmentations/index.js';
import { average } from './average.js';
import { backendNames, backends } from './backends.js';
import { datasets } from './datasets/index.js';
import { layers } from './layers/index.js';
import { modelInitialization } from './layers/initialization.js';
import { losses } from './losses/index.js';
import { optimizers } from './optimizers/index.js';
import { schedules } from './schedules/index.js';
import { byType, nullable, oneOf, type Resolved, Type } from './schema.js';
import { training } from './training.js';

/** The schemas of a registry's entries, in its order. */
function schemasOf<E extends { schema: unknown }>(registry: Readonly<Record<string, E>>): E['schema'][] {
  return Object.values(registry).map((entry) => entry.schema);
}

const layer = byType(schemasOf(layers), { $id: 'layer', description: 'A layer.' });
const layerStack = (description: string) => Type.Array(layer, { minItems: 1, description });

const auxiliary = Type.Object(
  {
    name: Type.String({
      pattern: '^[A-Za-z][A-Za-z0-9_]*$',
      description: "Name of the head: the first part of its parameters' names.",
    }),
    after: Type.String({ description: 'The layer of the main stack whose output the head reads.' }),
    weight: Type.Number({ minimum: 0, description: "Factor of the head's loss in the total loss." }),
    listed_before: Type.Optional(
      nullable(
        Type.String({
          description:
            'The outermost layer of the main stack before which the state dict lists the head (torchvision lists heads before the classifier); null: behind all layers.',
        }),
        { default: null },
      ),
    ),
    layers: layerStack('Layers of the head; the last gives one output per class.'),
  },
  { additionalProperties: false, description: 'An auxiliary classifier, used in training only.' },
);

const perChannel = (description: string, value: number, exclusive: boolean) =>
  Type.Array(Type.Number(exclusive ? { exclusiveMinimum: 0 } : {}), {
    minItems: 1,
    maxItems: 3,
    default: [value],
    description,
  });

const input = Type.Object(
  {
    resize: Type.Optional(
      nullable(
        Type.Integer({
          minimum: 8,
          maximum: 2048,
          description: 'Height and width in pixels that images are resized to (bilinear); null keeps them.',
        }),
        {
          default: null,
        },
      ),
    ),
    normalize: Type.Optional(
      Type.Object(
        {
          mean: perChannel(
            'Subtracted, on the scale 0 to 1: a number for each channel (red, green, blue), or one for all.',
            0.5,
            false,
          ),
          std: perChannel(
            'The difference is divided by it: a number for each channel, or one for all.',
            0.5,
            true,
          ),
        },
        { additionalProperties: false, default: {}, description: '(pixel / 255 − mean) / std' },
      ),
    ),
  },
  {
    additionalProperties: false,
    default: {},
    description: 'What happens to an image before the first layer.',
  },
);

const checkpoint = Type.Object(
  {
    every_steps: Type.Optional(
      nullable(
        Type.Integer({
          minimum: 1,
          description: 'Steps between checkpoints within an epoch; null for none. Each epoch ends with one.',
        }),
        {
          default: null,
        },
      ),
    ),
  },
  { additionalProperties: false, default: {}, description: 'When the state is saved.' },
);

const tensorboard = Type.Object(
  {
    histograms_every_epochs: Type.Optional(
      nullable(
        Type.Integer({
          minimum: 1,
          description:
            "Epochs between histograms of the weights and of the gradients (of one fixed batch, with the epoch's weights); null for none.",
        }),
        { default: null },
      ),
    ),
  },
  {
    additionalProperties: false,
    default: {},
    description:
      'What the event files of TensorBoard hold besides scalars, config, graph and misclassified images.',
  },
);

const parameterGroup = Type.Object(
  {
    match: Type.Array(Type.String({ minLength: 1 }), {
      minItems: 1,
      description:
        'Parameters by name (* stands for any characters), or all of a kind: norm, bias (of other layers), weight (the rest).',
    }),
    frozen: Type.Optional(
      Type.Boolean({
        default: false,
        description:
          'Whether training leaves them as they are. A batch norm that is frozen as a whole uses its running statistics in training, too.',
      }),
    ),
    learning_rate_factor: Type.Optional(
      nullable(
        Type.Number({
          exclusiveMinimum: 0,
          description: 'Times the learning rate of all others; null is 1.',
        }),
        { default: null },
      ),
    ),
    weight_decay: Type.Optional(
      nullable(
        Type.Number({
          minimum: 0,
          description: "In place of the optimizer's weight_decay; null keeps that.",
        }),
        { default: null },
      ),
    ),
  },
  { additionalProperties: false, description: 'Parameters that are treated alike.' },
);

const init = Type.Object(
  {
    file: Type.String({
      minLength: 1,
      description:
        'safetensors, a file of torch.save (.pth, .pt), a run or a checkpoint; relative to the config file that names it. --init names another.',
    }),
    ignore: Type.Optional(
      Type.Array(Type.String({ minLength: 1 }), {
        default: [],
        description:
          'Names of tensors (* stands for any characters) that start afresh in the model, and are left out of the file: a head for other classes.',
      }),
    ),
    strip_prefix: Type.Optional(
      nullable(
        Type.String({
          minLength: 1,
          description: 'What is taken off the names in the file, such as "module."; null for nothing.',
        }),
        { default: null },
      ),
    ),
  },
  {
    additionalProperties: false,
    description: 'Weights to start from, named and laid out as in PyTorch; null draws all from the seed.',
  },
);

/** A whole config file, as it is after `extends` and `--set`. */
export const experimentSchema = Type.Object(
  {
    name: Type.String({
      pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$',
      description: 'Name of the experiment: the first part of its run directories.',
    }),
    seed: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 4294967295,
        default: 0,
        description:
          'Decides all randomness: initial weights, validation split, order, augmentation, dropout.',
      }),
    ),
    dataset: byType(schemasOf(datasets), { description: 'Where the images come from.' }),
    input: Type.Optional(input),
    augmentation: Type.Optional(
      Type.Array(byType(schemasOf(augmentations), { description: 'A random change of training images.' }), {
        default: [],
        description: 'Random changes of training images, in order.',
      }),
    ),
    model: Type.Object(
      {
        layers: layerStack('The main stack; the last layer gives one output per class.'),
        init: modelInitialization,
        auxiliary: Type.Optional(
          Type.Array(auxiliary, { default: [], description: 'Auxiliary classifiers.' }),
        ),
      },
      { additionalProperties: false, description: 'The network.' },
    ),
    init: Type.Optional(nullable(init, { default: null })),
    loss: Type.Optional(
      byType(schemasOf(losses), {
        default: { type: 'cross_entropy' },
        description:
          'What training makes small. Evaluation tells the cross-entropy with the softmax, whatever that is.',
      }),
    ),
    optimizer: byType(schemasOf(optimizers), { description: 'How a gradient changes the parameters.' }),
    parameter_groups: Type.Optional(
      Type.Array(parameterGroup, {
        default: [],
        description:
          'Parameters that are not treated as all others: the first group that matches one counts.',
      }),
    ),
    schedule: Type.Optional(
      byType(schemasOf(schedules), {
        default: { type: 'constant' },
        description: 'How the learning rate changes.',
      }),
    ),
    training,
    average: Type.Optional(average),
    checkpoint: Type.Optional(checkpoint),
    tensorboard: Type.Optional(tensorboard),
    backend: Type.Optional(
      oneOf(['auto', ...backendNames], {
        default: 'auto',
        description: `What computes. auto: the best that works here; ${backendNames.map((name) => `${name}: ${backends[name].description}`).join('; ')}.`,
      }),
    ),
  },
  { additionalProperties: false },
);

/** A config as written: optional keys may be absent. */
export type WrittenExperiment = Static<typeof experimentSchema>;

/** A config with every default filled in. */
export type Experiment = Resolved<WrittenExperiment>;
