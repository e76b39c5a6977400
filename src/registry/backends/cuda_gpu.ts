import { existsSync } from 'node:fs';

/** Whether the driver of an NVIDIA GPU is loaded, on Linux or in Windows' subsystem for it. */
export function cudaGpuIsVisible(): boolean {
  return existsSync('/dev/nvidia0') || existsSync('/dev/dxg');
}
