import { join } from 'node:path';
import { beforeEach, expect, test, vi } from 'vitest';
import { openProgram } from '../../src/backends/open_program.js';
import { exportCheckpoint } from '../../src/export/export.js';
import type { exportFormats } from '../../src/export/formats.js';
import { openOnnx } from '../../src/export/onnx.js';
import { openGraphModel } from '../../src/export/tfjs.js';
import { type OpenedCheckpoint, openCheckpoint } from '../../src/inference/open_checkpoint.js';
import { firstIndices } from '../../src/listing/sample.js';
import { expectAllClose } from '../helpers/all_close.js';
import { runPython, whyNoPython } from '../helpers/python.js';
import { temporaryDirectory } from '../helpers/temporary_directory.js';
import { dataOf } from '../helpers/tiny_plan.js';
import { trainTiny } from '../helpers/train_tiny.js';

vi.mock('../../src/terminal/screen.js', () => import('../helpers/plain_stages.js'));

const SIZE = 5;
const MODEL = {
  layers: [
    { type: 'conv', name: 'conv1', filters: 6, kernel: 3, stride: 4, padding: 1, bias: false },
    { type: 'batch_norm', name: 'bn1' },
    { type: 'relu' },
    {
      type: 'residual',
      name: 'block',
      layers: [
        { type: 'conv', name: 'conv', filters: 6, kernel: 3, padding: 1, bias: false },
        { type: 'batch_norm', name: 'bn', eps: 1e-3, momentum: null },
      ],
      activation: 'relu',
    },
    { type: 'global_avg_pool' },
    { type: 'batch_norm', name: 'bn2', affine: false },
    { type: 'linear', name: 'fc', units: 'num_classes' },
  ],
};

/** The same model in PyTorch, strict about names, shapes and types. */
const SCRIPT = `
import json, sys
import numpy as np, torch
from torch import nn
from safetensors.torch import load_file
class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(6, 6, 3, padding=1, bias=False)
        self.bn = nn.BatchNorm2d(6, eps=1e-3, momentum=None)
    def forward(self, x): return torch.relu(x + self.bn(self.conv(x)))
class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 6, 3, stride=4, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(6)
        self.block = Block()
        self.bn2 = nn.BatchNorm1d(6, affine=False)
        self.fc = nn.Linear(6, 8)
    def forward(self, x):
        x = self.block(torch.relu(self.bn1(self.conv1(x))))
        return self.fc(self.bn2(x.mean((2, 3))))
model = Model()
tensors = load_file(sys.argv[1])
model.load_state_dict(tensors, strict=True)
model.eval()
images = torch.tensor(json.loads(sys.argv[2]), dtype=torch.float32).reshape(-1, 3, 32, 32)
with torch.no_grad(): logits = model((images / 255 - 0.5) / 0.5)
print(json.dumps({'names': list(tensors) == list(model.state_dict()), 'logits': logits.flatten().tolist(),
                  'counters': [[str(model.state_dict()[k].dtype), v.item()] for k, v in tensors.items() if 'tracked' in k],
                  'dtypes': sorted({str(v.dtype) for v in tensors.values()})}))`;

let opened: OpenedCheckpoint;
let images: Uint8Array;
let logits: Float32Array;
let exported: (format: keyof typeof exportFormats) => Promise<string>;

beforeEach(async () => {
  const run = join(temporaryDirectory(), 'run');
  await trainTiny(run, { model: MODEL });
  opened = await openCheckpoint(run);
  const { test: source } = await dataOf(opened.plan);
  images = await source.read(firstIndices(SIZE));
  const program = await openProgram(opened.plan, 'onnxruntime-cpu', 1, opened.state);
  ({ logits } = await program.evaluate({ size: SIZE, images, labels: source.labels.slice(0, SIZE) }));
  program.dispose();
  exported = async (format) =>
    (await exportCheckpoint({ source: run, format, output: undefined, force: false })).output;
});

test.each([
  ['onnx', openOnnx],
  ['tfjs', openGraphModel],
] as const)('%s of a network with batch norms gives the logits of the model', async (format, open) => {
  const model = await open(await exported(format), opened.plan);
  expectAllClose((await model.predict(images, SIZE)).logits, logits, { relative: 0, absolute: 1e-4 });
  await model.release();
  // What is compared depends on the image, and on statistics that are not those of a fresh model.
  expect(new Set(logits).size).toBeGreaterThan(SIZE);
  expect(opened.state.buffers.get('bn1.running_mean')!.data).not.toEqual(new Float32Array(6));
});

const missing = whyNoPython('torch', 'safetensors', 'numpy');

test.skipIf(missing)(
  `safetensors of it load strictly in PyTorch, counters as int64${missing ? ` (${missing})` : ''}`,
  async () => {
    const file = await exported('safetensors');
    const answer = runPython(SCRIPT, file, JSON.stringify([...images])) as Record<string, unknown>;
    expect(answer).toMatchObject({
      names: true,
      dtypes: ['torch.float32', 'torch.int64'],
      counters: Array.from({ length: 3 }, () => ['torch.int64', 7]),
    });
    expectAllClose(answer.logits as number[], logits, { relative: 0, absolute: 1e-4 });
  },
);
