import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadPlan } from '../../src/config/load_plan.js';
import type { Plan } from '../../src/config/resolve.js';
import { drawMasks } from '../../src/model/masks.js';
import type { Batch } from '../../src/model/program.js';
import { initialState, type ModelState, stateDict } from '../../src/model/state.js';
import { bufferSpecs, parameterSpecs, stateSpecs } from '../../src/model/state_specs.js';
import { encodeSafetensors, isCounter } from '../../src/storage/safetensors.js';
import { elements } from '../helpers/plain.js';
import { programs, trainStepOn } from '../helpers/programs.js';
import { runPython, whyNoPython } from '../helpers/python.js';
import { TestRandom } from '../helpers/random.js';
import { temporaryDirectory } from '../helpers/temporary_directory.js';
import { TORCHVISION } from '../helpers/zoo.js';

const STEPS = 3;
/** With fewer, what batch norms divide by is so small that float32 and float64 part within three steps, in PyTorch too. */
const BATCH = 16;
/** The smallest that is a power of two and leaves batch norms more than one pixel. */
const SIZE = 64;
const RATE = 1e-4;
const [CLASSES, IMAGE] = [10, 32];

/** Of more numbers than a test should train. */
const LARGE = 12_000_000;

/** Reads images (uint8) and labels, a batch to train on a step and one to evaluate, and the first state. */
const SCRIPT = `
import json, sys
import numpy as np, torch, torchvision
import torch.nn.functional as F
from PIL import Image
from safetensors.torch import load_file
name, init, images, labels, compute, weight_decay = sys.argv[1:]
torch.set_num_threads(2)
def build():
    model = getattr(torchvision.models, name)(num_classes=${CLASSES}, **({'init_weights': False} if name == 'googlenet' else {}))
    for module in model.modules():
        if isinstance(module, (torch.nn.Dropout, torchvision.ops.StochasticDepth)): module.p = 0.0
    return model
weights = load_file(init)
mean, std = (torch.tensor(v).reshape(3, 1, 1) for v in ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]))
resized = [np.asarray(Image.fromarray(image.transpose(1, 2, 0)).resize((${SIZE}, ${SIZE}), Image.BILINEAR))
           for image in np.fromfile(images, np.uint8).reshape(-1, 3, ${IMAGE}, ${IMAGE})]
batches = ((torch.from_numpy(np.stack(resized)).permute(0, 3, 1, 2) / 255 - mean) / std).split(${BATCH})
labels = torch.from_numpy(np.fromfile(labels, np.int32).astype(np.int64)).split(${BATCH})
def train(dtype):
    model = build()
    model.load_state_dict(weights)
    model.to(dtype)
    pixels = [batch.to(dtype) for batch in batches]
    def evaluate():
        model.eval()
        with torch.no_grad(): logits = model(pixels[-1])
        return {'logits': logits.flatten().tolist(), 'loss': F.cross_entropy(logits, labels[-1]).item()}
    before = evaluate()
    model.train()
    optimizer = torch.optim.SGD(model.parameters(), ${RATE}, momentum=0.9, weight_decay=float(weight_decay))
    losses = []
    for step in range(${STEPS}):
        optimizer.zero_grad()
        output = model(pixels[step])
        if name == 'googlenet':
            main, *heads = (F.cross_entropy(logits, labels[step]) for logits in output)
            loss = main + 0.3 * sum(heads)
        else:
            loss = F.cross_entropy(output, labels[step])
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return {'before': before, 'losses': losses, 'after': evaluate()}
state = [[key, list(value.shape)] for key, value in build().state_dict().items()]
print(json.dumps({'state': state, **({'exact': train(torch.float64), 'single': train(torch.float32)} if compute == 'yes' else {})}))`;

interface Trained {
  readonly before: { readonly logits: readonly number[] };
  readonly losses: readonly number[];
  readonly after: { readonly loss: number };
}

interface Answer {
  readonly state: readonly (readonly [string, readonly number[]])[];
  /** PyTorch's training in float64 and in float32, of networks that are not too large. */
  readonly exact: Trained;
  readonly single: Trained;
}

/** The network at SIZE pixels, where nothing is dropped. */
async function load(name: string, directory: string): Promise<Plan> {
  const text = readFileSync(`configs/zoo/${name}.yaml`, 'utf8');
  const file = join(directory, `${name}.yaml`);
  writeFileSync(file, text.replaceAll(/\b(rate|drop_path): 0[.\d]*/g, '$1: 0'));
  return (await loadPlan(file, [`input.resize=${SIZE}`, `training.batch_size=${BATCH}`])).plan;
}

/** The initial state, but that nothing is 0 or 1 throughout: norms, biases, running statistics and scales of layers. */
function livelyState(plan: Plan): ModelState {
  const state = initialState(plan);
  const random = new TestRandom(5);
  for (const [name, { init, role }] of stateSpecs(plan.network)) {
    const tensor = (role === 'buffer' ? state.buffers : state.parameters).get(name)!;
    if (init.kind !== 'constant' || isCounter(tensor)) continue;
    const noise = random.tensor(tensor.shape).values;
    for (let i = 0; i < noise.length; i++) tensor.data[i] = init.value + 0.2 * noise[i]!;
  }
  return state;
}

/** Smooth images, a pattern for each class and some noise, and the classes in turn. */
function batches(): Batch[] {
  const random = new TestRandom(7);
  const coarse = 4;
  const patterns = random.tensor([CLASSES, 3, coarse, coarse]).values;
  return Array.from({ length: STEPS + 1 }, (_, step) => {
    const labels = Int32Array.from({ length: BATCH }, (_, index) => (step * BATCH + index) % CLASSES);
    const noise = random.tensor([BATCH, 3, IMAGE, IMAGE]).values;
    const images = Uint8Array.from(noise, (value, index) => {
      const [x, y] = [index % IMAGE, Math.floor(index / IMAGE) % IMAGE].map((at) => (at * coarse) / IMAGE);
      const plane = Math.floor(index / IMAGE ** 2);
      const label = labels[Math.floor(plane / 3)]!;
      const at = ((label * 3 + (plane % 3)) * coarse + Math.floor(y!)) * coarse + Math.floor(x!);
      return 128 + 90 * patterns[at]! + 30 * value;
    });
    return { size: BATCH, images, labels };
  });
}

/** As near to float64 as 1e-3, or, where float32 loses more in PyTorch too, as three times its distance. */
function expectNear(actual: number, exact: number, single: number): void {
  const off = Math.abs(actual / exact - 1);
  expect(off).toBeLessThan(Math.max(1e-3, 3 * Math.abs(single / exact - 1)));
}

/** The largest difference, as a share of the largest value. */
function difference(actual: ArrayLike<number>, expected: readonly number[]): number {
  expect(actual.length).toBe(expected.length);
  const largest = Math.max(...expected.map(Math.abs));
  return Math.max(...expected.map((value, index) => Math.abs(actual[index]! - value))) / largest;
}

const missing = whyNoPython('torchvision', 'safetensors', 'PIL', 'numpy');

const count = (specs: ReadonlyMap<string, { shape: readonly number[] }>) =>
  [...specs.values()].reduce((sum, { shape }) => sum + elements(shape), 0);

it('the GoogLeNet of 2014 has the sizes of its paper, of ten classes', async () => {
  const { network, parameterCount } = (await loadPlan('configs/zoo/googlenet-2014.yaml')).plan;
  const sizes = new Map(network.layers.map(({ name, output }) => [name, output]));
  // Table 1 of the paper, channels × height × width.
  const TABLE = {
    inception3a: [256, 28, 28],
    inception3b: [480, 28, 28],
    inception4a: [512, 14, 14],
    inception4b: [512, 14, 14],
    inception4c: [512, 14, 14],
    inception4d: [528, 14, 14],
    inception4e: [832, 14, 14],
    inception5a: [832, 7, 7],
    inception5b: [1024, 7, 7],
  };
  for (const [name, size] of Object.entries(TABLE)) expect(sizes.get(name), name).toEqual(size);
  expect(network.auxiliary.map(({ after, weight }) => [after, weight])).toEqual([
    ['inception4a', 0.3],
    ['inception4d', 0.3],
  ]);
  // bvlc_googlenet of Caffe has 13,378,280 of a thousand classes: three classifiers of 1024 inputs and a bias.
  expect(parameterCount).toBe(13_378_280 - 3 * 990 * 1025);
});

describe.each(Object.keys(TORCHVISION) as (keyof typeof TORCHVISION)[])(
  '%s',
  { timeout: 300_000 },
  (name) => {
    it('has as many numbers as torchvision’s', async () => {
      const { network } = (await loadPlan(`configs/zoo/${name}.yaml`)).plan;
      const { parameters, buffers } = TORCHVISION[name];
      expect([count(parameterSpecs(network)), count(bufferSpecs(network))]).toEqual([parameters, buffers]);
    });

    it.skipIf(missing)(`is torchvision's, and trains as it${missing ? ` (${missing})` : ''}`, async () => {
      const isLarge = TORCHVISION[name].parameters > LARGE;
      const directory = temporaryDirectory();
      const place = (file: string) => join(directory, file);
      const plan = await load(name, directory);
      const state = livelyState(plan);
      const tensors = stateDict(plan.network, state);
      const given = batches();
      const images = given.at(-1)!;
      writeFileSync(place('init'), Buffer.concat(encodeSafetensors(tensors)));
      writeFileSync(place('images'), Buffer.concat(given.map((batch) => batch.images as Uint8Array)));
      writeFileSync(place('labels'), Buffer.concat(given.map(({ labels }) => Buffer.from(labels.buffer))));
      const files = ['init', 'images', 'labels'].map(place);
      const { weight_decay } = plan.config.optimizer;
      const { exact, single, ...expected } = runPython(
        SCRIPT,
        name,
        ...files,
        isLarge ? 'no' : 'yes',
        `${weight_decay}`,
      ) as Answer;
      rmSync(place('init'));
      expect([...tensors].map(([key, { shape }]) => [key, shape])).toEqual(expected.state);

      if (isLarge) return;
      const program = await programs['onnxruntime-cpu'](plan, state);
      const before = await program.evaluate(images);
      expect(difference(before.logits, exact.before.logits)).toBeLessThan(1e-4);
      const losses: number[] = [];
      for (const [step, batch] of given.slice(0, STEPS).entries()) {
        const masks = drawMasks(plan, 0, step * BATCH, BATCH);
        const update = { step: step + 1, learningRate: RATE };
        losses.push((await trainStepOn(program, batch, masks, update)).loss);
      }
      for (const [step, loss] of losses.entries())
        expectNear(loss, exact.losses[step]!, single.losses[step]!);
      const after = await program.evaluate(images);
      const loss = after.losses.reduce((sum, each) => sum + each, 0) / BATCH;
      expectNear(loss, exact.after.loss, single.after.loss);
      program.dispose();
    });
  },
);
