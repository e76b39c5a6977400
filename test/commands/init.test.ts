import { readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { gnet, shell } from '../helpers/gnet.js';
import { temporaryDirectory } from '../helpers/temporary_directory.js';

test('without options: GoogLeNet on CIFAR-10, the other choices, and the next command', async () => {
  const cwd = temporaryDirectory();
  const { code, stdout, stderr } = await gnet(['init'], { cwd });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(readdirSync(cwd)).toEqual(['googlenet-32-cifar10.yaml']);
  expect(stdout).toMatch(
    /^googlenet-32-cifar10\.yaml: googlenet-32 on cifar10, 2,047,300 parameters\nOther choices: --model googlenet, resnet18 or small; --dataset cifar100, shapes, image_folder or manifest\n\nTrain it with: node \S+ run googlenet-32-cifar10\.yaml\n$/,
  );
  expect(await gnet(['validate', 'googlenet-32-cifar10.yaml'], { cwd })).toMatchObject({ code: 0 });
});

test('--json: the command that it gives trains', async () => {
  const cwd = temporaryDirectory();
  const args = ['init', 'my first.yaml', '--dataset', 'shapes', '--model', 'small', '--json'];
  const { code, stdout, stderr } = await gnet(args, { cwd });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const result = JSON.parse(stdout) as { next: string };
  expect(result).toEqual({
    file: 'my first.yaml',
    dataset: 'shapes',
    model: 'small',
    parameters: 55_944,
    next: expect.stringMatching(/^node \S+ run 'my first\.yaml'$/),
  });
  const sets = ['training.epochs=1', 'dataset.limit={train: 64, test: 16}', 'training.batch_size=16'];
  const flags = sets.map((set) => ` --set '${set}'`).join('');
  const trained = await shell(`${result.next}${flags} --run-dir run --json`, cwd);
  expect(trained.code).toBe(0);
  expect(JSON.parse(trained.stdout)).toMatchObject({ name: 'my-first', steps: 4, test: { count: 16 } });
});

test.each([
  [
    ['--dataset', 'mnist'],
    /^--dataset mnist: expected one of cifar10, cifar100, shapes, image_folder, manifest\n/,
  ],
  [['--model', 'vgg'], /^--model vgg: expected one of googlenet, googlenet-32, resnet18, small\n/],
  [
    ['name'],
    /^name: expected the name of a file that ends in \.yaml, or a directory of images, got neither\nFor example: .* init name\.yaml\n/,
  ],
])('%j: exit code 2, and no file', async (args, message) => {
  const cwd = temporaryDirectory();
  const { code, stdout, stderr } = await gnet(['init', ...args], { cwd });
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toMatch(message);
  expect(readdirSync(cwd)).toEqual([]);
});
