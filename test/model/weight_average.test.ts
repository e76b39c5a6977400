import { describe, expect, it } from 'vitest';
import type { Weights } from '../../src/model/program.js';
import { WeightAverage } from '../../src/model/weight_average.js';
import { expectAllClose } from '../helpers/all_close.js';
import { askPython, whyNoPython } from '../helpers/python.js';
import { TestRandom } from '../helpers/random.js';

const random = new TestRandom(5);
const STEPS = Array.from({ length: 6 }, () => ({
  parameter: Array.from(random.tensor([3]).values),
  buffer: Array.from(random.tensor([2]).values),
}));

const weightsAt = (step: number): Weights => ({
  parameters: new Map([
    ['a', { shape: [3], data: Float32Array.from(STEPS[step]!.parameter) }],
    ['still', { shape: [1], data: Float32Array.of(7) }],
  ]),
  buffers: new Map([
    ['mean', { shape: [2], data: Float32Array.from(STEPS[step]!.buffer) }],
    ['batches', { shape: [], data: BigInt64Array.of(BigInt(step + 1)) }],
  ]),
});

const ema = { type: 'ema', decay: 0.8, warmup: false, buffers: 'average' } as const;
const CASES = [
  ['ema', ema],
  ['ema with buffers of the last step', { ...ema, buffers: 'copy' }],
  ['swa', { type: 'swa', start_epoch: 2, buffers: 'average' }],
] as const;

function averaged(options: ConstructorParameters<typeof WeightAverage>[0], count = STEPS.length) {
  const average = new WeightAverage(options, new Set(['still']), null);
  for (let step = 0; step < count; step++) average.add(weightsAt(step));
  return average.current()!;
}

const values = ({ weights }: ReturnType<typeof averaged>) => [
  [...weights.parameters.get('a')!.data],
  [...(weights.buffers.get('mean')!.data as Float32Array)],
];

const SCRIPT = `
import json, sys, torch
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
steps, cases = json.load(sys.stdin)
class Model(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.a = torch.nn.Parameter(torch.zeros(3))
        self.register_buffer('mean', torch.zeros(2))
answers = []
for options in cases:
    model = Model()
    fn = get_ema_multi_avg_fn(options['decay']) if options['type'] == 'ema' else None
    average = AveragedModel(model, multi_avg_fn=fn, use_buffers=options['buffers'] == 'average')
    for step in steps:
        model.a.data.copy_(torch.tensor(step['parameter']))
        model.mean.copy_(torch.tensor(step['buffer']))
        average.update_parameters(model)
    answers.append([average.module.a.tolist(), average.module.mean.tolist()])
print(json.dumps(answers))`;

describe('WeightAverage', () => {
  const reason = whyNoPython('torch');
  it.skipIf(reason !== null)(`is torch's AveragedModel${reason === null ? '' : ` (${reason})`}`, () => {
    const answers = askPython(SCRIPT, [STEPS, CASES.map(([, options]) => options)]) as number[][][];
    for (const [index, [, options]] of CASES.entries()) {
      const got = values(averaged(options));
      for (const [at, expected] of answers[index]!.entries()) expectAllClose(got[at]!, expected);
    }
  });

  it('with a warm-up, the decay at the n-th update is 1 − n^(−2/3) until it is the whole decay', () => {
    let expected = STEPS[0]!.parameter;
    for (let n = 2; n <= STEPS.length; n++) {
      const decay = Math.min(0.6, 1 - n ** (-2 / 3));
      expected = expected.map((value, i) => decay * value + (1 - decay) * STEPS[n - 1]!.parameter[i]!);
    }
    expectAllClose(values(averaged({ ...ema, decay: 0.6, warmup: true }))[0]!, expected);
  });

  it('copies counters, leaves alone what is frozen, and goes on from a checkpoint', () => {
    const whole = averaged(ema);
    expect(whole.count).toBe(6);
    expect(whole.weights.buffers.get('batches')!.data).toEqual(BigInt64Array.of(6n));
    expect(whole.weights.parameters.get('still')!.data).toEqual(Float32Array.of(7));
    const resumed = new WeightAverage(ema, new Set(['still']), averaged(ema, 3));
    for (let step = 3; step < 6; step++) resumed.add(weightsAt(step));
    expect(resumed.current()).toEqual(whole);
  });

  it('counts the weights after each update, or after epochs from the first on', () => {
    const swa = new WeightAverage(CASES[2][1], new Set(), null);
    expect([swa.counts('step', 3), swa.counts('epoch', 1), swa.counts('epoch', 2)]).toEqual([
      false,
      false,
      true,
    ]);
    const each = new WeightAverage(ema, new Set(), null);
    expect([each.counts('step', 1), each.counts('epoch', 1)]).toEqual([true, false]);
    expect(each.current()).toBeNull();
  });
});
