import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test, vi } from 'vitest';
import { openProgram } from '../../src/backends/open_program.js';
import { loadPlan } from '../../src/config/load_plan.js';
import { exportCheckpoint } from '../../src/export/export.js';
import { initialState, stateDict } from '../../src/model/state.js';
import { START } from '../../src/pipeline/progress.js';
import { saveCheckpoint } from '../../src/storage/checkpoints.js';
import { expectAllClose } from '../helpers/all_close.js';
import { randomBatch } from '../helpers/programs.js';
import { runPython, whyNoPython } from '../helpers/python.js';
import { temporaryDirectory } from '../helpers/temporary_directory.js';

vi.mock('../../src/terminal/screen.js', () => import('../helpers/plain_stages.js'));

/** The article's model, at a size that takes seconds, with its own preprocessing. */
const SIZE = 64;

const SCRIPT = `
import json, sys
import numpy as np, torch
from safetensors import safe_open
from safetensors.torch import load_file
sys.path.insert(0, sys.argv[1])
from torch_model import GoogLeNet
model = GoogLeNet(${SIZE}, 'article')
model.load_state_dict(load_file(sys.argv[2]))
model.eval()
images = np.fromfile(sys.argv[3], np.uint8).reshape(-1, 3, 32, 32)
pixels = torch.from_numpy(np.stack([
    np.asarray(__import__('PIL.Image').Image.fromarray(image.transpose(1, 2, 0)).resize((${SIZE}, ${SIZE}), 2))
    for image in images])).permute(0, 3, 1, 2) / 255
mean = torch.tensor([0.485, 0.456, 0.406]).reshape(3, 1, 1)
std = torch.tensor([0.229, 0.224, 0.225]).reshape(3, 1, 1)
with torch.no_grad():
    probabilities = torch.softmax(model((pixels - mean) / std), 1)
with safe_open(sys.argv[2], 'pt') as file:
    classes = json.loads(file.metadata()['classes'])
print(json.dumps({'classes': classes, 'probabilities': probabilities.flatten().tolist()}))`;

const missing = whyNoPython('torch', 'safetensors', 'PIL', 'numpy');

test.skipIf(missing)(
  `the article's PyTorch model loads exported safetensors${missing ? ` (${missing})` : ''}`,
  async () => {
    const place = temporaryDirectory();
    const { plan } = await loadPlan('configs/googlenet-cifar10.yaml', [`input.resize=${SIZE}`]);
    const state = initialState(plan);
    const position = { ...START, metrics_bytes: 0, events: null, config: plan.config, version: 1 as const };
    const checkpoints = join(place, 'run/checkpoints');
    mkdirSync(checkpoints, { recursive: true });
    await saveCheckpoint(
      checkpoints,
      { tensors: stateDict(plan.network, state), slots: state.slots, state: position },
      ['last', 'best'],
    );
    const { output } = await exportCheckpoint({
      source: join(place, 'run'),
      format: 'safetensors',
      output: undefined,
      force: false,
    });

    const batch = randomBatch(plan, 4, 1);
    writeFileSync(join(place, 'images'), batch.images);
    const program = await openProgram(plan, 'onnxruntime-cpu', 1, state);
    const { probabilities } = await program.evaluate(batch);
    program.dispose();
    const answer = runPython(SCRIPT, resolve('bench/contenders'), output, join(place, 'images'));
    const { classes, probabilities: torch } = answer as { classes: string[]; probabilities: number[] };
    expect(classes).toEqual(plan.dataset.classes);
    expectAllClose(probabilities, torch);
  },
);
