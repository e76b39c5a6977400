import { describe, expect, it } from 'vitest';
import type { Shape } from '../../src/registry/layers/layer.js';
import { expectAllClose } from './all_close.js';
import { elements, type Plain } from './plain.js';
import { askPython, whyNoPython } from './python.js';
import { TestRandom } from './random.js';
import { planLayers, randomTensors, runStack } from './run_stack.js';
import { allRunners } from './runners.js';

/** A layer, and what it computes, twice: by its definition, and by PyTorch. */
export interface LayerCase {
  readonly name: string;
  /** As a config has it, without its name, `l`. */
  readonly options: { readonly type: string } & Readonly<Record<string, unknown>>;
  /** Of one image. */
  readonly shape: Shape;
  /** The output by the definition, in double precision; parameters go by their names in the layer. */
  readonly naive: (x: Plain, parameters: Readonly<Record<string, Plain>>) => Plain;
  /** A Python expression: the module of torch that is the same. */
  readonly torch: string;
}

/** Output and gradients of Σ dy · y, by the name of the tensor. */
type Result = Readonly<Record<string, ArrayLike<number>>>;

const BATCH = 2;

function given({ options, shape }: LayerCase) {
  const { network, output, problems } = planLayers([{ name: 'l', ...options }], shape);
  expect(problems).toEqual([]);
  const random = new TestRandom(31);
  const tensors = randomTensors(network, random);
  const distinct = random.distinct([BATCH, ...shape]);
  // From −4 to 4, no two alike: small steps change no maximum, and every part of an activation is seen.
  const values = Float32Array.from(distinct.values, (value) => (128 * value) / distinct.values.length - 3.99);
  const x = { shape: distinct.shape, values };
  return { network, tensors, x, dy: random.tensor([BATCH, ...output!]) };
}

const local = (name: string) => (name === 'l' ? name : name.replace(/^l\./, ''));

/** y and gradients by the definition: difference quotients, which steps this small make exact to some nine digits. */
function reference({ naive }: LayerCase, { x, tensors, dy }: ReturnType<typeof given>): Result {
  const named = Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [local(name), tensor]));
  const loss = (input: Plain, parameters: typeof named) =>
    Array.from(naive(input, parameters).values).reduce((sum, value, i) => sum + value * dy.values[i]!, 0);
  const quotients = (tensor: Plain, lossOf: (changed: Plain) => number) =>
    Array.from({ length: elements(tensor.shape) }, (_, index) => {
      const moved = (by: number) => {
        const values = Float64Array.from(tensor.values);
        values[index]! += by;
        return lossOf({ shape: tensor.shape, values });
      };
      return (moved(STEP) - moved(-STEP)) / (2 * STEP);
    });
  const y = naive(x, named);
  expect(y.shape).toEqual(dy.shape);
  return {
    y: y.values,
    x: quotients(x, (changed) => loss(changed, named)),
    ...Object.fromEntries(
      Object.entries(named).map(([name, tensor]) => [
        name,
        quotients(tensor, (changed) => loss(x, { ...named, [name]: changed })),
      ]),
    ),
  };
}

const STEP = 1e-5;
const TOLERANCE = { relative: 1e-4, absolute: 1e-4 };

const SCRIPT = `
import json, sys, torch, torchvision
out = []
for case in json.load(sys.stdin):
    t = lambda p: torch.tensor(p['values'], dtype=torch.float64).reshape(p['shape'])
    module = eval(case['torch']).double().train()
    module.load_state_dict({name: t(p) for name, p in case['parameters'].items()})
    x = t(case['x']).requires_grad_()
    y = module(x)
    y.backward(t(case['dy']))
    out.append({'y': y.flatten().tolist(), 'x': x.grad.flatten().tolist(),
                **{name: p.grad.flatten().tolist() for name, p in module.named_parameters()}})
print(json.dumps(out))`;

/** Values and gradients of a layer on every backend, and the definition that they are compared with against PyTorch. */
export function layerSuite(cases: readonly LayerCase[]): void {
  describe.each(allRunners)('on %s', (_name, run) => {
    it.each(cases)('$name', async (test) => {
      const { network, x, tensors, dy } = given(test);
      const { y, gradients } = await runStack(run, network, { x, tensors, dy });
      const expected = reference(test, { network, x, tensors, dy });
      expect(y.shape).toEqual(dy.shape);
      expectAllClose(y.values, expected.y!, TOLERANCE);
      expectAllClose(gradients.x!.values, expected.x!, TOLERANCE);
      for (const name of Object.keys(tensors))
        expectAllClose(gradients[name]!.values, expected[local(name)]!, TOLERANCE);
    });
  });

  const missing = whyNoPython('torchvision');
  it.skipIf(missing)(`the definition is what torch computes${missing ? ` (${missing})` : ''}`, () => {
    const plain = ({ shape, values }: Plain) => ({ shape, values: Array.from(values) });
    const all = cases.map((test) => given(test));
    const asked = all.map(({ x, tensors, dy }, index) => ({
      torch: cases[index]!.torch,
      x: plain(x),
      dy: plain(dy),
      parameters: Object.fromEntries(
        Object.entries(tensors).map(([name, tensor]) => [local(name), plain(tensor)]),
      ),
    }));
    const answers = askPython(SCRIPT, asked) as Result[];
    for (const [index, answer] of answers.entries()) {
      const expected = reference(cases[index]!, all[index]!);
      expect(Object.keys(answer).toSorted()).toEqual(Object.keys(expected).toSorted());
      for (const [name, values] of Object.entries(answer))
        expectAllClose(expected[name]!, values, { relative: 1e-6, absolute: 1e-6 });
    }
  });
}
