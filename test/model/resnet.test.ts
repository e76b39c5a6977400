import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadPlan } from '../../src/config/load_plan.js';
import type { Plan } from '../../src/config/resolve.js';
import { copyState, stateDict, stateFrom } from '../../src/model/state.js';
import { isCounter, readSafetensors, type StateTensor } from '../../src/storage/safetensors.js';
import { expectAllClose } from '../helpers/all_close.js';
import { allPrograms, randomBatch, trainStepOn } from '../helpers/programs.js';
import { runPython, whyNoPython } from '../helpers/python.js';

const STEPS = 10;
const BATCH = 8;
const SIZE = 16;
const RATE = 1e-3;

/** A residual network as a user writes one: a block, used with and without a shortcut of its own. */
const CONFIG = `
name: resnet
dataset: {type: shapes, size: ${SIZE}}
blocks:
  basic:
    options: {filters: required, stride: 1, shortcut: []}
    layers:
      - type: residual
        layers:
          - {type: conv, name: conv1, filters: $filters, kernel: 3, stride: $stride, padding: 1, bias: false}
          - {type: batch_norm, name: bn1}
          - {type: relu}
          - {type: conv, name: conv2, filters: $filters, kernel: 3, padding: 1, bias: false}
          - {type: batch_norm, name: bn2}
        shortcut: $shortcut
        activation: relu
model:
  layers:
    - {type: conv, name: conv1, filters: 8, kernel: 3, padding: 1, bias: false}
    - {type: batch_norm, name: bn1}
    - {type: relu}
    - {type: basic, name: layer1, filters: 8}
    - type: basic
      name: layer2
      filters: 12
      stride: 2
      shortcut:
        - type: sequential
          name: downsample
          layers:
            - {type: conv, name: "0", filters: 12, kernel: 1, stride: 2, bias: false}
            - {type: batch_norm, name: "1", momentum: null}
    - {type: global_avg_pool}
    - {type: linear, name: fc, units: num_classes}
optimizer: {type: sgd, learning_rate: ${RATE}, momentum: 0.9, nesterov: true, weight_decay: 5.0e-4}
training: {epochs: 1, batch_size: ${BATCH}}
`;

/** Ten steps of the same network; the first parameters, and all tensors after the steps, go to files. */
const SCRIPT = `
import json, sys
import numpy as np, torch
import torch.nn.functional as F
from torch import nn
from safetensors.torch import save_file
images, labels, init, after = sys.argv[1:]
class Basic(nn.Module):
    def __init__(self, inputs, filters, stride=1):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, filters, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(filters)
        self.conv2 = nn.Conv2d(filters, filters, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(filters)
        if stride > 1:
            self.downsample = nn.Sequential(nn.Conv2d(inputs, filters, 1, stride, bias=False),
                                            nn.BatchNorm2d(filters, momentum=None))
    def forward(self, x):
        y = self.bn2(self.conv2(torch.relu(self.bn1(self.conv1(x)))))
        return torch.relu(y + (self.downsample(x) if hasattr(self, 'downsample') else x))
class ResNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 8, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(8)
        self.layer1 = Basic(8, 8)
        self.layer2 = Basic(8, 12, 2)
        self.fc = nn.Linear(12, 8)
    def forward(self, x):
        x = self.layer2(self.layer1(torch.relu(self.bn1(self.conv1(x)))))
        return self.fc(x.mean((2, 3)))
torch.manual_seed(0)
model = ResNet()
save_file(model.state_dict(), init)
pixels = torch.from_numpy(np.fromfile(images, np.uint8)).reshape(-1, ${BATCH}, 3, ${SIZE}, ${SIZE})
pixels = (pixels / 255 - 0.5) / 0.5
labels = torch.from_numpy(np.fromfile(labels, np.int32).astype(np.int64)).reshape(-1, ${BATCH})
optimizer = torch.optim.SGD(model.parameters(), ${RATE}, momentum=0.9, nesterov=True, weight_decay=5e-4)
losses = []
for step in range(${STEPS}):
    optimizer.zero_grad()
    loss = F.cross_entropy(model(pixels[step]), labels[step])
    loss.backward()
    optimizer.step()
    losses.append(loss.item())
save_file(model.state_dict(), after)
model.eval()
with torch.no_grad(): logits = model(pixels[${STEPS}])
print(json.dumps({'losses': losses, 'logits': logits.flatten().tolist()}))`;

const missing = whyNoPython('torch', 'safetensors', 'numpy');

describe.skipIf(missing)(
  `a residual network of blocks trains as in PyTorch${missing ? ` (${missing})` : ''}`,
  { timeout: 300_000 },
  () => {
    let folder: string;
    let plan: Plan;
    let batches: ReturnType<typeof randomBatch>[];
    let init: ReadonlyMap<string, StateTensor>;
    let after: ReadonlyMap<string, StateTensor>;
    let expected: { losses: number[]; logits: number[] };

    beforeAll(async () => {
      folder = mkdtempSync(join(tmpdir(), 'gnet-test-'));
      const at = (name: string) => join(folder, name);
      writeFileSync(at('resnet.yaml'), CONFIG);
      ({ plan } = await loadPlan(at('resnet.yaml')));
      batches = Array.from({ length: STEPS + 1 }, (_, step) => randomBatch(plan, BATCH, step));
      writeFileSync(at('images'), Buffer.concat(batches.map(({ images }) => images)));
      const labels = batches.map(({ labels: { buffer } }) => Buffer.from(buffer));
      writeFileSync(at('labels'), Buffer.concat(labels));
      expected = runPython(SCRIPT, at('images'), at('labels'), at('init'), at('after')) as typeof expected;
      init = (await readSafetensors(at('init'))).tensors;
      after = (await readSafetensors(at('after'))).tensors;
    });

    afterAll(() => rmSync(folder, { recursive: true, force: true }));

    it.each(allPrograms)('%s: losses, parameters, running statistics, evaluation', async (_name, open) => {
      const program = await open(plan, copyState(stateFrom(plan, init, 'init')));
      const losses: number[] = [];
      for (const [index, batch] of batches.slice(0, STEPS).entries()) {
        const update = { step: index + 1, learningRate: RATE };
        losses.push((await trainStepOn(program, batch, new Map(), update)).loss);
      }
      expectAllClose(losses, expected.losses, { relative: 1e-4, absolute: 0 });
      const trained = stateDict(plan.network, await program.state());
      expect([...trained.keys()].toSorted()).toEqual([...after.keys()].toSorted());
      for (const [name, tensor] of after) {
        const { shape, data } = trained.get(name)!;
        expect(shape, name).toEqual(tensor.shape);
        if (isCounter(tensor)) expect(data, name).toEqual(BigInt64Array.of(BigInt(STEPS)));
        else expectAllClose(data as Float32Array, tensor.data, { relative: 1e-4, absolute: 1e-5 });
        // Nothing of this holds for a network that stood still.
        expect(data, name).not.toEqual(init.get(name)!.data);
      }
      const { logits } = await program.evaluate(batches[STEPS]!);
      expectAllClose(logits, expected.logits, { relative: 1e-4, absolute: 1e-4 });
      program.dispose();
    });
  },
);
