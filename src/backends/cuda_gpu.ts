import { existsSync } from 'node:fs';

/**
 * Whether the driver of an NVIDIA GPU is loaded, on Linux or in Windows' subsystem for it: there, /dev/dxg stands for a GPU
 * of any make, and NVIDIA's driver shows its library.
 */
export function cudaGpuIsVisible(): boolean {
  return (
    existsSync('/dev/nvidia0') || (existsSync('/dev/dxg') && existsSync('/usr/lib/wsl/lib/libcuda.so.1'))
  );
}
