import { UserError } from '../errors.js';
import { ELEMENT_TYPES, type ElementType } from './element_types.js';
import { type Meanings, PickleDict } from './pickle.js';

/** Numbers of one type in a row, kept outside of the pickle under `key`. */
export class StorageReference {
  constructor(
    readonly key: string,
    readonly type: ElementType,
    readonly length: number,
  ) {}
}

/** A tensor as a view of a storage; offset and strides count elements. What it says has not been checked. */
export class TensorView {
  constructor(
    readonly storage: StorageReference,
    readonly offset: unknown,
    readonly shape: unknown,
    readonly strides: unknown,
  ) {}
}

/** A function or class of Python's that may be called: what this gives is made here. */
class Callable {
  constructor(readonly call: (args: readonly unknown[], fail: Meanings['fail']) => unknown) {}
}

const STORAGES = {
  FloatStorage: 'F32',
  DoubleStorage: 'F64',
  HalfStorage: 'F16',
  BFloat16Storage: 'BF16',
  LongStorage: 'I64',
  IntStorage: 'I32',
  ShortStorage: 'I16',
  CharStorage: 'I8',
  ByteStorage: 'U8',
  BoolStorage: 'BOOL',
} as const;

/** The types of numbers, which a file may mention beside its tensors; nothing is made of them. */
const DTYPES = [
  'float16',
  'float32',
  'float64',
  'bfloat16',
  'int8',
  'int16',
  'int32',
  'int64',
  'uint8',
  'bool',
];

const rebuildTensor = new Callable(([storage, offset, shape, strides], fail) => {
  if (storage instanceof StorageReference) return new TensorView(storage, offset, shape, strides);
  throw fail('expected a tensor of a storage, got one of something else');
});

const rebuildParameter = new Callable(([tensor], fail) => {
  if (tensor instanceof TensorView) return tensor;
  throw fail('expected a parameter of a tensor, got one of something else');
});

/** Everything that a file may name. */
const GLOBALS: ReadonlyMap<string, Callable | ElementType | string> = new Map<
  string,
  Callable | ElementType | string
>([
  ['torch._utils._rebuild_tensor', rebuildTensor],
  ['torch._utils._rebuild_tensor_v2', rebuildTensor],
  ['torch._utils._rebuild_parameter', rebuildParameter],
  [
    'collections.OrderedDict',
    new Callable((args, fail) => {
      if (args.length === 0) return new PickleDict();
      throw fail('expected an OrderedDict that is filled afterwards, got arguments');
    }),
  ],
  ['torch.Size', new Callable(([sizes]) => sizes)],
  ['torch.device', new Callable(() => null)],
  ...Object.entries(STORAGES).map(([name, type]) => [`torch.${name}`, ELEMENT_TYPES[type]] as const),
  ...DTYPES.map((name) => [`torch.${name}`, name] as const),
]);

/** A storage's type is recognized by being one of these. */
const TYPES: ReadonlySet<unknown> = new Set(Object.values(ELEMENT_TYPES));

/**
 * What the pickle of a PyTorch file means: tensors, and what holds them. Every other name is refused before anything
 * is done with it.
 */
export function pytorchMeanings(path: string): Meanings {
  const fail = (problem: string) => damagedPytorch(path, problem);
  return {
    fail,
    global: (name) => {
      const known = GLOBALS.get(name);
      if (known === undefined) throw foreignGlobal(path, name);
      return known;
    },
    call: (callee, args) => {
      if (callee instanceof Callable) return callee.call(args, fail);
      throw fail('expected a call of what builds a tensor, got one of something else');
    },
    persistent: (id) => {
      const [tag, type, key, , length, view] = Array.isArray(id) ? id : [];
      if (tag !== 'storage' || !TYPES.has(type) || typeof key !== 'string' || !isSize(length)) {
        throw fail('expected a storage: its type, key and length');
      }
      if (view !== undefined && view !== null) {
        throw fail(`storage ${JSON.stringify(key)}: expected a whole one, got a view of another`);
      }
      return new StorageReference(key, type as ElementType, length);
    },
  };
}

export function isSize(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

const SAVE = 'torch.save(model.state_dict(), "weights.pth")';

export function damagedPytorch(path: string, problem: string): UserError {
  return new UserError(`${path}: not a usable PyTorch file: ${problem}`, {
    hint: `Get the file again, or write the state dict anew: ${SAVE}`,
  });
}

function foreignGlobal(path: string, name: string): UserError {
  const called = /^[\w.]{1,200}$/.test(name) ? name : JSON.stringify(name.slice(0, 200));
  return new UserError(
    `${path}: refused: the file wants to call ${called}, and gnet calls nothing that a file names: it reads tensors`,
    { hint: `If you trust the file, write the weights alone, in Python: ${SAVE}` },
  );
}

/** Where training scripts put the state dict, in the order in which it is looked for. */
const NESTED = [
  'state_dict',
  'model',
  'model_state_dict',
  'model_state',
  'net',
  'network',
  'module',
  'weights',
  'model_ema',
  'state_dict_ema',
  'ema',
];
const MAX_NESTED = 4;

/** The tensors of a file by name, and the keys that led to them: `model.state_dict`; empty where they are at the top. */
export interface PytorchStateDict {
  readonly tensors: ReadonlyMap<string, TensorView>;
  readonly inside: string;
}

/** The dict of tensors in what was pickled; values in it that are no tensors are passed over. */
export function findStateDict(
  value: unknown,
  fail: Meanings['fail'],
  path: readonly string[] = [],
): PytorchStateDict {
  const found = search(value, fail, path);
  if (found) return found;
  const expected = `a dict of tensors, or one under ${NESTED.join(', ')}`;
  if (!(value instanceof PickleDict)) throw fail(`expected ${expected}, got something else`);
  const keys = [...value.entries.keys()].slice(0, 10).map((key) => JSON.stringify(String(key).slice(0, 60)));
  throw fail(
    `expected ${expected}, got a dict with ${keys.length === 0 ? 'nothing in it' : keys.join(', ')}`,
  );
}

function search(value: unknown, fail: Meanings['fail'], path: readonly string[]): PytorchStateDict | null {
  if (!(value instanceof PickleDict) || path.length > MAX_NESTED) return null;
  const tensors = new Map<string, TensorView>();
  for (const [name, item] of value.entries) {
    if (!(item instanceof TensorView)) continue;
    // Names become keys of objects further on, where this one would change the prototype.
    if (typeof name !== 'string' || name === '__proto__') {
      throw fail(
        `expected text as the name of a tensor, and another than "__proto__", got ${JSON.stringify(String(name))}`,
      );
    }
    tensors.set(name, item);
  }
  if (tensors.size > 0) return { tensors, inside: path.join('.') };
  for (const key of NESTED) {
    const inner = search(value.entries.get(key), fail, [...path, key]);
    if (inner) return inner;
  }
  return null;
}
