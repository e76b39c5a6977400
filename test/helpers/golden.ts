import { readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Batch } from '../../src/model/program.js';
import { readSafetensors, type StateTensor } from '../../src/storage/safetensors.js';
import { runPython, whyNoPython } from './python.js';
import { TestRandom } from './random.js';
import { temporaryDirectory } from './temporary_directory.js';

/** What PyTorch computed in ten steps of the article's network, and on forty images after them. */
export interface Golden {
  readonly train: readonly {
    readonly loss: number;
    readonly main_loss: number;
    readonly aux_loss: number;
    readonly correct: number;
  }[];
  readonly eval: { readonly loss: number; readonly correct: number };
  readonly gradient_norms_step1: Readonly<Record<string, number>>;
  readonly parameter_norms_after: Readonly<Record<string, number>>;
}

/** Numbers to compare with, and what they were computed from. */
export interface Reference {
  readonly golden: Golden;
  /** The parameters before the first step. */
  readonly init: ReadonlyMap<string, StateTensor>;
  /** Batch number `index` of a split: 10 to train on, 5 to evaluate. */
  batch(split: 'train' | 'test', index: number): Promise<Batch>;
}

export const GOLDEN_BATCH = 8;
export const GOLDEN_SIZE = 64;
const STEPS = 10;
const EVALUATIONS = 5;
const CLASSES = 10;
const IMAGE_BYTES = 3 * 32 * 32;
const RECORD_BYTES = 1 + IMAGE_BYTES;

const { GNET_GOLDEN_DIR, GNET_CIFAR10_DIR } = process.env;
const unset = ['GNET_GOLDEN_DIR', 'GNET_CIFAR10_DIR'].filter((name) => process.env[name] === undefined);

/** Why there are no recorded numbers here, or null: they belong to images of CIFAR-10, which are not ours to keep. */
export const whyNotRecorded = unset.length > 0 ? `not set: ${unset.join(', ')}` : null;

/** golden.json and init.safetensors of GNET_GOLDEN_DIR, on the first images of GNET_CIFAR10_DIR's .bin files. */
export async function recordedReference(): Promise<Reference> {
  return {
    golden: JSON.parse(await readFile(join(GNET_GOLDEN_DIR!, 'golden.json'), 'utf8')),
    init: (await readSafetensors(join(GNET_GOLDEN_DIR!, 'init.safetensors'))).tensors,
    batch: async (split, index) => {
      const bytes = await readFile(
        join(GNET_CIFAR10_DIR!, { train: 'data_batch_1.bin', test: 'test_batch.bin' }[split]),
      );
      const records = Array.from({ length: GOLDEN_BATCH }, (_, record) => {
        const start = (index * GOLDEN_BATCH + record) * RECORD_BYTES;
        return bytes.subarray(start, start + RECORD_BYTES);
      });
      return {
        size: GOLDEN_BATCH,
        images: Uint8Array.from(Buffer.concat(records.map((record) => record.subarray(1)))),
        labels: Int32Array.from(records, (record) => record[0]!),
      };
    },
  };
}

/** Reads images (uint8, ten batches to train on and five to evaluate) and labels; writes the initial parameters. */
const SCRIPT = `
import json, sys
import numpy as np, torch
import torch.nn.functional as F
from PIL import Image
from safetensors.torch import save_file
models, images, labels, init = sys.argv[1:]
sys.path.insert(0, models)
from torch_model import GoogLeNet
torch.manual_seed(0)
torch.set_num_threads(2)
model = GoogLeNet(${GOLDEN_SIZE}, 'article')
save_file(model.state_dict(), init)
mean = torch.tensor([0.485, 0.456, 0.406]).reshape(3, 1, 1)
std = torch.tensor([0.229, 0.224, 0.225]).reshape(3, 1, 1)
resized = [np.asarray(Image.fromarray(image.transpose(1, 2, 0)).resize((${GOLDEN_SIZE}, ${GOLDEN_SIZE}), Image.BILINEAR))
           for image in np.fromfile(images, np.uint8).reshape(-1, 3, 32, 32)]
pixels = ((torch.from_numpy(np.stack(resized)).permute(0, 3, 1, 2) / 255 - mean) / std).split(${GOLDEN_BATCH})
labels = torch.from_numpy(np.fromfile(labels, np.int32).astype(np.int64)).split(${GOLDEN_BATCH})
optimizer = torch.optim.Adam(model.parameters(), 1e-3)
train = []
for step in range(${STEPS}):
    optimizer.zero_grad()
    main, aux = model(pixels[step])
    losses = F.cross_entropy(main, labels[step]), F.cross_entropy(aux, labels[step])
    loss = losses[0] + 0.4 * losses[1]
    loss.backward()
    if step == 0:
        gradients = {name: p.grad.norm().item() for name, p in model.named_parameters()}
    optimizer.step()
    train.append({'loss': loss.item(), 'main_loss': losses[0].item(), 'aux_loss': losses[1].item(),
                  'correct': (main.argmax(1) == labels[step]).sum().item()})
model.eval()
with torch.no_grad():
    logits = torch.cat([model(batch) for batch in pixels[${STEPS}:]])
tests = torch.cat(labels[${STEPS}:])
print(json.dumps({'train': train, 'gradient_norms_step1': gradients,
    'eval': {'loss': F.cross_entropy(logits, tests).item(), 'correct': (logits.argmax(1) == tests).sum().item()},
    'parameter_norms_after': {name: p.detach().norm().item() for name, p in model.named_parameters()}}))`;

/** Why PyTorch cannot compute the numbers here, or null where it can. */
export const whyNotComputed = whyNoPython('torch', 'safetensors', 'PIL', 'numpy');

/** PyTorch here and now, on images that are half noise, half a pattern of their class. */
export async function computedReference(): Promise<Reference> {
  const random = new TestRandom(7);
  const patterns = random.integers([CLASSES, IMAGE_BYTES], 0, 255).values;
  const count = GOLDEN_BATCH * (STEPS + EVALUATIONS);
  // The classes in turn: with drawn labels, of which some are rare, rounding errors grow ten times as much.
  const labels = Int32Array.from({ length: count }, (_, image) => image % CLASSES);
  const noise = random.integers([count, IMAGE_BYTES], 0, 255).values;
  const images = Uint8Array.from(noise, (value, index) => {
    const label = labels[Math.floor(index / IMAGE_BYTES)]!;
    return (value + patterns[label * IMAGE_BYTES + (index % IMAGE_BYTES)]!) >> 1;
  });
  const folder = temporaryDirectory();
  const [imageFile, labelFile, init] = ['images', 'labels', 'init.safetensors'].map((name) =>
    join(folder, name),
  ) as [string, string, string];
  await writeFile(imageFile, images);
  await writeFile(labelFile, labels);
  const golden = runPython(SCRIPT, resolve('bench/contenders'), imageFile, labelFile, init) as Golden;
  return {
    golden,
    init: (await readSafetensors(init)).tensors,
    batch: async (split, index) => {
      const first = (split === 'train' ? index : STEPS + index) * GOLDEN_BATCH;
      const last = first + GOLDEN_BATCH;
      return {
        size: GOLDEN_BATCH,
        images: images.subarray(first * IMAGE_BYTES, last * IMAGE_BYTES),
        labels: labels.subarray(first, last),
      };
    },
  };
}
