import { describe, expect, it } from 'vitest';
import { epochMixing, mixLabels } from '../../src/data/mixing.js';
import { mixWithPartner, pasteFromPartner } from '../../src/pixels/mix.js';
import { betaFrom, randomStream } from '../../src/random.js';
import { mixedBox } from '../../src/registry/mixing/cutmix.js';
import { askPython, whyNoPython } from '../helpers/python.js';
import { TestRandom } from '../helpers/random.js';

const image = { channels: 2, height: 6, width: 5 };
const facts = { image, classes: ['a', 'b', 'c'] };
const training = { epochs: 10 } as Parameters<typeof epochMixing>[0]['training'];
const methods = [
  { type: 'mixup' as const, alpha: 0.3, weight: 1 },
  { type: 'cutmix' as const, alpha: 1, weight: 3 },
];
const LABELS = Int32Array.from([0, 2, 1, 1]);
const pixels = () => Uint8Array.from(new TestRandom(2).integers([4, 2, 6, 5], 0, 255).values);

/** The images and labels of a step. */
function mixed(
  mixing: { methods: typeof methods; probability: number; off_epochs: number },
  epoch: number,
  step: number,
) {
  const images = pixels();
  const mix = epochMixing({ mixing, seed: 3, training }, facts, epoch);
  return mix && { images, ...mix(images, LABELS, step) };
}

describe('epochMixing', () => {
  const mixing = { methods, probability: 1, off_epochs: 2 };

  it('draws by step and epoch, and mixes nothing in the last epochs', () => {
    const steps = [0, 1, 7].map((step) => mixed(mixing, 8, step));
    expect(mixed(mixing, 8, 1)).toEqual(steps[1]);
    expect(steps[0]).not.toEqual(steps[1]);
    expect(mixed(mixing, 7, 1)).not.toEqual(steps[1]);
    expect(mixed(mixing, 9, 0)).toBeNull();
    expect(mixed({ ...mixing, off_epochs: 1 }, 9, 0)).not.toBeNull();
  });

  it('mixes as often as asked, by the weights of its methods', () => {
    const counts = { none: 0, pasted: 0, blended: 0 };
    const before = pixels();
    for (let step = 0; step < 1000; step++) {
      const { images } = mixed({ ...mixing, probability: 0.8 }, 1, step)!;
      const partner = (i: number) => before[(i - 60 + 240) % 240];
      if (images.every((value, i) => value === before[i])) counts.none++;
      else if (images.every((value, i) => value === before[i] || value === partner(i))) counts.pasted++;
      else counts.blended++;
    }
    // A cut box may be empty, and a share so near to 1 that nothing changes.
    expect(counts.blended).toBeGreaterThan(120);
    expect(counts.blended).toBeLessThan(240);
    expect(counts.pasted).toBeGreaterThan(450);
    expect(counts.none).toBeGreaterThan(150);
  });
});

it('labels are those of the larger shares, an image of its partner where that is larger', () => {
  const { targets, labels } = mixLabels(LABELS, 3, 0.25);
  expect([...targets]).toEqual([0.25, 0.75, 0, 0.75, 0, 0.25, 0, 0.25, 0.75, 0, 1, 0]);
  expect([...labels]).toEqual([1, 0, 2, 1]);
  expect([...mixLabels(LABELS, 3, 0.5).labels]).toEqual([...LABELS]);
});

it.each([0.2, 1, 4])('Beta of %d has its mean and variance', (alpha) => {
  const stream = randomStream(1, 'beta', 0);
  let draw = 0;
  const values = Array.from({ length: 20_000 }, () => betaFrom(() => stream.uniform(draw++), alpha));
  const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
  const variance = values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / values.length;
  expect(Math.min(...values)).toBeGreaterThanOrEqual(0);
  expect(Math.max(...values)).toBeLessThanOrEqual(1);
  expect(Math.abs(mean - 0.5)).toBeLessThan(0.01);
  expect(Math.abs(variance - 1 / (4 * (2 * alpha + 1)))).toBeLessThan(0.005);
});

it('as torchvision mixes with the same draws', { timeout: 300_000 }, ({ skip }) => {
  const why = whyNoPython('torch', 'torchvision');
  if (why) skip(why);
  const draws = [
    [0.3, 0.1, 0.9],
    [0.8, 0.99, 0.5],
    [0.05, 0.4, 0.4],
    [1, 0.5, 0.5],
  ] as const;
  const script = `
import json, sys, torch
from torchvision.transforms import v2
images, labels, draws = json.load(sys.stdin)
images = torch.tensor(images, dtype=torch.float32).reshape(4, 2, 6, 5)
labels = torch.tensor(labels)
def mixed(make, lam, x, y):
    mixer = make(num_classes=3)
    mixer._dist = type('Fixed', (), {'sample': lambda self, shape: torch.tensor([lam])})()
    places = iter([x, y])
    keep, torch.randint = torch.randint, lambda n, size: torch.tensor([int(next(places) * n)])
    try: out, targets = mixer(images, labels)
    finally: torch.randint = keep
    return [out.round().flatten().tolist(), targets.flatten().tolist()]
print(json.dumps([[mixed(make, *draw) for make in (v2.MixUp, v2.CutMix)] for draw in draws]))`;
  const theirs = askPython(script, [[...pixels()], [...LABELS], draws]) as [number[], number[]][][];
  for (const [index, [share, ...places]] of draws.entries()) {
    const [blended, pasted] = [pixels(), pixels()];
    mixWithPartner(blended, 60, share);
    let place = 0;
    const box = mixedBox(share, image, () => places[place++]!);
    pasteFromPartner(pasted, image, box);
    const [theirBlend, theirPaste] = theirs[index]!;
    expect(Math.max(...theirBlend![0].map((value, i) => Math.abs(value - blended[i]!)))).toBeLessThanOrEqual(
      1,
    );
    expect([...pasted]).toEqual(theirPaste![0]);
    const shares = (own: number) => [...mixLabels(LABELS, 3, own).targets];
    for (const [ours, targets] of [
      [shares(share), theirBlend![1]],
      [shares(1 - (box.width * box.height) / 30), theirPaste![1]],
    ] as const)
      for (const [i, value] of targets.entries()) expect(ours[i]).toBeCloseTo(value, 6);
  }
});
