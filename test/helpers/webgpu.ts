import { existsSync } from 'node:fs';
import { TestRunner } from 'vitest';
import { requireProvider } from '../../src/backends/require_provider.js';
import { backends } from '../../src/registry/backends.js';

/** A Vulkan driver in software, from Debian's package chromium. */
const SWIFTSHADER = '/usr/lib/chromium/vk_swiftshader_icd.json';
if (existsSync(SWIFTSHADER)) process.env.VK_ICD_FILENAMES ??= SWIFTSHADER;

let obstacle: Promise<string | null> | undefined;

/** Why WebGPU cannot run here, or null where it can. */
export function whyNoWebgpu(): Promise<string | null> {
  obstacle ??= requireProvider('onnxruntime-webgpu', backends['onnxruntime-webgpu']).then(
    () => null,
    (error: Error) => error.message,
  );
  return obstacle;
}

/** Skips the test under way where WebGPU cannot run here. */
export async function requireWebgpu(): Promise<void> {
  const reason = await whyNoWebgpu();
  if (reason !== null) TestRunner.getCurrentTest()?.context.skip(reason);
}
