import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { gnet } from '../helpers/gnet.js';
import { temporaryDirectory } from '../helpers/temporary_directory.js';
import { tinyConfig } from '../helpers/tiny_config.js';

test('an export is named on stdout, and taken is taken', async () => {
  const cwd = temporaryDirectory();
  writeFileSync(join(cwd, 'tiny.yaml'), tinyConfig());
  expect(await gnet(['run', 'tiny.yaml', '--run-dir', 'run'], { cwd })).toMatchObject({ code: 0 });

  const first = await gnet(['export', 'run', '--format', 'onnx'], { cwd });
  expect(first).toMatchObject({
    code: 0,
    stdout:
      'run/export/model.onnx\n  input images: uint8 [batch, 3, 32, 32], pixel values 0…255; ' +
      'outputs logits and probabilities: float32 [batch, classes]\n',
  });
  expect(first.stderr).toMatch(
    /Verify: ONNX Runtime: logits of the first 4 test images within [\d.]+e-\d+ of the largest one on wasm/,
  );

  const second = await gnet(['export', 'run', '--format', 'onnx'], { cwd });
  expect(second).toMatchObject({
    code: 2,
    stdout: '',
    stderr:
      'run/export/model.onnx: exists already\n' +
      'Add --force to replace it, or name another place with --output.\n',
  });

  const json = await gnet(['export', 'run', '--format', 'tfjs', '--json'], { cwd });
  expect(json.code).toBe(0);
  expect(JSON.parse(json.stdout)).toMatchObject({ format: 'tfjs', output: 'run/export/tfjs' });
  expect(existsSync(join(cwd, 'run/export/tfjs/model.json'))).toBe(true);
  // TensorFlow.js' advertisement for its native package.
  expect(json.stderr).not.toContain('Node.js');
});

test.each([
  [['.', '--format', 'onnx'], /^\.: expected a run directory or a checkpoint, got a directory without/],
  [['.'], /^--format: expected one of onnx, safetensors, tfjs, web, got nothing\n/],
  [['.', '--format', 'h5'], /^--format h5: expected one of onnx, safetensors, tfjs, web\n/],
])('%j: exit code 2', async (args, message) => {
  const cwd = temporaryDirectory();
  const { code, stdout, stderr } = await gnet(['export', ...args], { cwd });
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toMatch(message);
});
