import type { Static, TProperties } from '@sinclair/typebox';
import { byType, nullable, oneOf, type Resolved, Type } from '../schema.js';
import type { Initialization, TensorSpec } from './layer.js';

const bias = Type.Optional(
  nullable(
    Type.Number({ description: "What each bias starts at; null: PyTorch's default, uniform in ±1/√fan_in." }),
    {
      default: null,
    },
  ),
);
const kind = <T extends string, F extends TProperties>(type: T, description: string, fields: F) =>
  Type.Object(
    { type: Type.Literal(type, { description }), ...fields, bias },
    { additionalProperties: false },
  );

const kaimingFields = {
  mode: Type.Optional(
    oneOf(['fan_in', 'fan_out'], {
      default: 'fan_in',
      description:
        'Whether activations or gradients keep their size: inputs or outputs of a weight are counted.',
    }),
  ),
  slope: Type.Optional(
    Type.Number({
      minimum: 0,
      default: 0,
      description: 'Slope below 0 of the activation behind it: 0 for ReLU, 1 for none.',
    }),
  ),
};
const xavierFields = {
  gain: Type.Optional(Type.Number({ exclusiveMinimum: 0, default: 1, description: 'Factor.' })),
};
const std = (options: object) => Type.Number({ ...options, description: 'Standard deviation.' });

const eachKind = [
  kind('default', "What model.init says; without it, PyTorch's default: uniform in ±1/√fan_in.", {}),
  kind('kaiming_normal', 'Normal, as torch.nn.init.kaiming_normal_ (He et al. 2015).', kaimingFields),
  kind('kaiming_uniform', 'Uniform, as torch.nn.init.kaiming_uniform_.', kaimingFields),
  kind('xavier_normal', 'Normal, as torch.nn.init.xavier_normal_ (Glorot & Bengio 2010).', xavierFields),
  kind('xavier_uniform', 'Uniform, as torch.nn.init.xavier_uniform_.', xavierFields),
  kind('normal', 'Normal of mean 0.', { std: std({ minimum: 0 }) }),
  // Beyond ±2 is drawn again: with a larger deviation, nearly all would be.
  kind('truncated_normal', 'Normal of mean 0 without what is beyond ±2, as torch.nn.init.trunc_normal_.', {
    std: std({ minimum: 0, maximum: 10 }),
  }),
  kind('uniform', 'Uniform.', {
    bound: Type.Number({ exclusiveMinimum: 0, description: 'From −bound to bound.' }),
  }),
  kind('constant', 'One number.', { value: Type.Number({ description: 'It.' }) }),
];
const kinds = byType(eachKind, {
  description: 'How the weight of a layer starts, and its bias.',
  $id: 'initialization',
});

/** What `type` an initialization can have. */
export const initializationTypes: ReadonlySet<string> = new Set(
  eachKind.map(({ properties }) => properties.type.const),
);

/** How the weight and bias of a layer start. */
export const initializationField = Type.Optional(
  Type.Unsafe<Static<typeof kinds>>({ ...kinds, default: { type: 'default', bias: null } }),
);

export type NamedInitialization = Resolved<Static<typeof kinds>>;

/** Of the layers that have weights, by their type; a layer's own `init` goes before it. */
export const modelInitialization = Type.Optional(
  Type.Object(
    { conv: initializationField, linear: initializationField },
    {
      additionalProperties: false,
      default: {},
      description: 'How weights start: of all convolutions, and of all linear layers.',
    },
  ),
);

/** The tensors of a layer, `weight` and `bias` among them, with their first values as `named` says. */
export function initialized(
  tensors: readonly TensorSpec[],
  named: NamedInitialization,
): readonly TensorSpec[] {
  return tensors.map((tensor) => {
    if (tensor.name === 'bias') {
      return named.bias === null ? tensor : { ...tensor, init: { kind: 'constant', value: named.bias } };
    }
    return named.type === 'default' ? tensor : { ...tensor, init: ofWeight(named, tensor.shape) };
  });
}

/** Whether a layer has nothing to say of its own. */
export function isDefault(named: NamedInitialization): boolean {
  return named.type === 'default' && named.bias === null;
}

/** @param shape [out, in, …], as PyTorch's fan_in and fan_out have it: of a convolution in groups, the in of one group. */
function ofWeight(
  named: Exclude<NamedInitialization, { type: 'default' }>,
  [outputs = 1, inputs = 1, ...kernel]: readonly number[],
): Initialization {
  const area = kernel.reduce((product, size) => product * size, 1);
  const [fanIn, fanOut] = [inputs * area, outputs * area];
  switch (named.type) {
    case 'kaiming_normal':
    case 'kaiming_uniform': {
      const fan = named.mode === 'fan_in' ? fanIn : fanOut;
      const deviation = Math.sqrt(2 / (1 + named.slope ** 2) / fan);
      return spread(named.type === 'kaiming_normal', deviation);
    }
    case 'xavier_normal':
    case 'xavier_uniform':
      return spread(named.type === 'xavier_normal', named.gain * Math.sqrt(2 / (fanIn + fanOut)));
    case 'normal':
      return { kind: 'normal', std: named.std };
    case 'truncated_normal':
      return { kind: 'truncated_normal', std: named.std, cutoff: 2 };
    case 'uniform':
      return { kind: 'uniform', bound: named.bound };
    case 'constant':
      return { kind: 'constant', value: named.value };
  }
}

function spread(isNormal: boolean, deviation: number): Initialization {
  return isNormal ? { kind: 'normal', std: deviation } : { kind: 'uniform', bound: Math.sqrt(3) * deviation };
}
