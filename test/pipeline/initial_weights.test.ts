import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openProgram } from '../../src/backends/open_program.js';
import { type LoadedPlan, loadPlan } from '../../src/config/load_plan.js';
import { initialState, type ModelState, stateDict } from '../../src/model/state.js';
import { describeInitial, readInitial } from '../../src/pipeline/initial_weights.js';
import { START } from '../../src/pipeline/progress.js';
import { readRunPlan } from '../../src/runs/run_plan.js';
import { saveCheckpoint } from '../../src/storage/checkpoints.js';
import { encodeSafetensors } from '../../src/storage/safetensors.js';
import { expectAllClose } from '../helpers/all_close.js';
import { randomBatch } from '../helpers/programs.js';
import { runPython, whyNoPython } from '../helpers/python.js';
import { torchWeights } from '../helpers/pytorch.js';
import { errorOf, halved, sessionFixture } from '../helpers/run_session.js';
import { temporaryDirectory } from '../helpers/temporary_directory.js';
import { tinyConfig } from '../helpers/tiny_config.js';

const others = ({ plan }: LoadedPlan): ModelState => halved(initialState(plan));
const dict = ({ plan }: LoadedPlan, state: ModelState) => stateDict(plan.network, state);

test('reads a .pth, safetensors, a checkpoint and a run alike', async () => {
  const { directory, loaded } = await sessionFixture();
  const tensors = dict(loaded, others(loaded));
  const at = (name: string) => join(directory, name);
  writeFileSync(at('w.pth'), torchWeights(tensors));
  writeFileSync(at('w.safetensors'), Buffer.concat(encodeSafetensors(tensors)));
  mkdirSync(at('run/checkpoints'), { recursive: true });
  const position = { ...START, metrics_bytes: 0, events: null, version: 1 as const };
  const state = { ...position, config: loaded.plan.config, dataset: loaded.plan.dataset };
  const checkpoint = await saveCheckpoint(at('run/checkpoints'), { tensors, slots: new Map(), state }, [
    'best',
  ]);
  for (const source of [at('w.pth'), at('w.safetensors'), checkpoint, at('run')]) {
    const initial = await readInitial(loaded, source);
    expect(dict(loaded, initial!.state), source).toEqual(tensors);
    expect(initial!.weights).toMatchObject({ file: source, loaded: [...tensors.keys()] });
  }
});

test('init.file is relative to the config file that names it; --init and --set to the current directory', async () => {
  const directory = temporaryDirectory();
  mkdirSync(join(directory, 'base'));
  writeFileSync(join(directory, 'base/base.yaml'), tinyConfig({ init: { file: 'w.safetensors' } }));
  writeFileSync(join(directory, 'own.yaml'), 'extends: base/base.yaml\nseed: 3\n');
  const loaded = await loadPlan(join(directory, 'own.yaml'));
  const tensors = dict(loaded, others(loaded));
  writeFileSync(join(directory, 'base/w.safetensors'), Buffer.concat(encodeSafetensors(tensors)));
  const initial = await readInitial(loaded, undefined);
  expect(dict(loaded, initial!.state)).toEqual(tensors);
  expect(initial!.weights.file).toBe('w.safetensors');
  const set = await loadPlan(join(directory, 'own.yaml'), ['init.file=nowhere.pth']);
  expect((await errorOf(readInitial(set, undefined))).message).toContain(
    'cannot read nowhere.pth: no such file',
  );
  expect((await errorOf(readInitial(loaded, 'flag.pth'))).message).toContain(
    'cannot read flag.pth: no such file',
  );
  const impossible = await errorOf(readInitial(loaded, 'w\0.pth'));
  expect(impossible.message).toBe('w\\x00.pth: expected a path, got one with a NUL');
  expect(await readInitial(await loadPlan(join(directory, 'own.yaml'), ['init=null']), undefined)).toBeNull();
});

test('what was loaded, started afresh and left out is kept in the run, which a resumed one goes on from', async () => {
  const at = await sessionFixture();
  const tensors = dict(at.loaded, others(at.loaded));
  const file = join(at.directory, 'w.pth');
  const aux = { shape: [1], data: Float32Array.of(1) };
  writeFileSync(file, torchWeights(new Map(tensors).set('aux1.fc.weight', aux)));
  const refused = await errorOf(at.open({}, await at.load(`init={file: ${file}, ignore: [fc.*]}`)));
  expect(refused.message).toContain('aux1.fc.weight [1]: not in the model');
  expect(refused.hint).toContain(`init: {file: "${file}", ignore: ["fc.*","aux1.*"]} in the config`);
  const flagged = await errorOf(at.open({ init: file }));
  expect(flagged.hint).toContain(`--set 'init={file: "${file}", ignore: ["aux1.*"]}' in place of --init`);

  const config = await at.load(`init={file: ${file}, ignore: [fc.*, aux*]}`);
  const session = await at.open({}, config);
  await session.close();
  const { init } = await readRunPlan(at.runDir);
  expect(init).toMatchObject({ file, ignore: ['fc.*', 'aux*'], strip_prefix: null, inside: '' });
  expect(init).toMatchObject({ fresh: ['fc.weight', 'fc.bias'], left_out: ['aux1.fc.weight'] });
  expect(init!.loaded).toEqual([...tensors.keys()].filter((name) => !name.startsWith('fc.')));
  expect(session.init).toEqual(init);
  expect(describeInitial(init!)).toEqual([
    `Initial weights: ${tensors.size - 2} tensors of ${file}`,
    '  started afresh: fc.weight, fc.bias',
    '  left out of the file: aux1.fc.weight',
  ]);
  const again = await at.resume(config);
  await again.close();
  expect(again.init).toBeNull();
  expect(again.state.parameters).toEqual(session.state.parameters);
  const other = await errorOf(at.resume(at.loaded));
  expect(other.message).toContain('the config differs from the one that the run began with\n  init: ');
});

const missing = whyNoPython('torch', 'torchvision', 'safetensors', 'numpy');
const SCRIPT = `
import hashlib, json, sys
import numpy as np, torch, torchvision
from safetensors.torch import load_file
checkpoint, folder = sys.argv[1:]
def resnet(classes):
    model = torchvision.models.resnet18(num_classes=classes)
    model.conv1 = torch.nn.Conv2d(3, 64, 3, 1, 1, bias=False)
    model.maxpool = torch.nn.Identity()
    return model
torch.manual_seed(5)
model = resnet(10)
model.load_state_dict(load_file(checkpoint), strict=True)
digest = lambda tensors: {k: hashlib.sha256(v.contiguous().numpy().tobytes()).hexdigest() for k, v in tensors.items()}
taken = digest(model.state_dict())
model = resnet(10)
model.train()
with torch.no_grad(): model(torch.randn(8, 3, 32, 32))
model.eval()
torch.save(model.state_dict(), f'{folder}/w.pth')
torch.save({'model': model.half().state_dict(), 'epoch': 1}, f'{folder}/half.pth')
half = digest(model.float().state_dict())
torch.save(torch.nn.DataParallel(resnet(1000)).state_dict(), f'{folder}/imagenet.pth')
model.load_state_dict(torch.load(f'{folder}/w.pth', weights_only=True))
images = torch.from_numpy(np.fromfile(f'{folder}/images', np.uint8)).reshape(-1, 3, 32, 32) / 255
mean, std = torch.tensor([[0.4914, 0.4822, 0.4465], [0.2470, 0.2435, 0.2616]]).reshape(2, 3, 1, 1)
with torch.no_grad(): probabilities = torch.softmax(model((images - mean) / std), 1)
print(json.dumps({'taken': taken, 'given': digest(model.state_dict()), 'half': half, 'probabilities': probabilities.flatten().tolist()}))`;

test.skipIf(missing)(
  `resnet18 goes to torchvision and comes back, to the bit${missing ? ` (${missing})` : ''}`,
  async () => {
    const folder = temporaryDirectory();
    const loaded = await loadPlan('configs/resnet18-cifar10.yaml');
    const digests = (state: ModelState) =>
      Object.fromEntries(
        [...dict(loaded, state)].map(([name, { data }]) => {
          const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
          return [name, createHash('sha256').update(bytes).digest('hex')];
        }),
      );
    const ours = initialState(loaded.plan);
    writeFileSync(
      join(folder, 'ours'),
      Buffer.concat(encodeSafetensors(dict(loaded, ours), { format: 'pt' })),
    );
    const batch = randomBatch(loaded.plan, 4, 1);
    writeFileSync(join(folder, 'images'), batch.images);
    const answer = runPython(SCRIPT, join(folder, 'ours'), folder) as {
      taken: object;
      given: object;
      half: object;
      probabilities: number[];
    };
    expect(digests(ours)).toEqual(answer.taken);
    const theirs = (await readInitial(loaded, join(folder, 'w.pth')))!;
    expect(digests(theirs.state)).toEqual(answer.given);
    expect(theirs.weights.loaded).toHaveLength(122);
    const program = await openProgram(loaded.plan, 'onnxruntime-cpu', 1, theirs.state);
    const { probabilities } = await program.evaluate(batch);
    program.dispose();
    expectAllClose(probabilities, answer.probabilities);

    const half = (await readInitial(loaded, join(folder, 'half.pth')))!;
    expect(half.weights.inside).toBe('model');
    expect(digests(half.state)).toEqual(answer.half);

    const file = join(folder, 'imagenet.pth');
    const error = await errorOf(readInitial(loaded, file));
    expect(error.message.split('\n').map((line) => line.trim())).toEqual([
      `${file}: the parameters are not those of the model`,
      '122 of the 122 names in the file begin with "module."',
      'fc.weight: expected [10, 512], got [1000, 512]',
      'fc.bias: expected [10], got [1000]',
    ]);
    const value = `{file: "${file}", strip_prefix: "module.", ignore: ["fc.*"]}`;
    expect(error.hint).toContain(value);
    const mapped = await loadPlan('configs/resnet18-cifar10.yaml', [`init=${value}`]);
    expect((await readInitial(mapped, undefined))!.weights).toMatchObject({
      fresh: ['fc.weight', 'fc.bias'],
    });
  },
);
