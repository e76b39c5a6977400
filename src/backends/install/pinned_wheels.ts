/** A wheel of the package index, to the byte, as a requirements file of pip's names it. */
export interface PinnedWheel {
  readonly name: string;
  readonly version: string;
  /** Of the file, hexadecimal; as `pip hash` prints it. */
  readonly sha256: string;
}

/** The release that gnet is tested with; --wheel takes another. */
export const TENSORFLOW_VERSION = '2.21.0';

const tensorflow = (name: string, sha256: string) => ({ name, version: TENSORFLOW_VERSION, sha256 });

/**
 * TensorFlow's wheels for CPython 3.12. On arm64 there is one for both backends, without CUDA; it is named like the one
 * with CUDA.
 */
export const TENSORFLOW_WHEELS = {
  cpuX64: tensorflow('tensorflow-cpu', 'dcc8afd32930e42d5296b6ee19078b773706830af4ea97fbe503b9f5e0f820cb'),
  cpuArm64: tensorflow('tensorflow', 'b07d15737406533898e36c7ef7944b1be18e9028dc521b9229952c537bbc5552'),
  gpuX64: tensorflow('tensorflow', 'b3b95643c4e70eb925839938fb35cbe142f317ec84af6844ee61513713bb13c0'),
} as const satisfies Record<string, PinnedWheel>;

/** CUDA 12 for Linux on x64: what TensorFlow's extra and-cuda asks for, in the newest releases that it allows. */
export const CUDA_WHEELS: readonly PinnedWheel[] = [
  {
    name: 'nvidia-cublas-cu12',
    version: '12.9.3.13',
    sha256: 'd7d51055f161b317c7105ddaae90e71eda059026074ffef93cf7cde2886bfe72',
  },
  {
    name: 'nvidia-cuda-cupti-cu12',
    version: '12.9.79',
    sha256: '096bcf334f13e1984ba36685ad4c1d6347db214de03dbb6eebb237b41d9d934f',
  },
  {
    name: 'nvidia-cuda-nvcc-cu12',
    version: '12.9.86',
    sha256: '5d6a0d32fdc7ea39917c20065614ae93add6f577d840233237ff08e9a38f58f0',
  },
  {
    name: 'nvidia-cuda-nvrtc-cu12',
    version: '12.9.86',
    sha256: '210cf05005a447e29214e9ce50851e83fc5f4358df8b453155d5e1918094dcb4',
  },
  {
    name: 'nvidia-cuda-runtime-cu12',
    version: '12.9.79',
    sha256: '25bba2dfb01d48a9b59ca474a1ac43c6ebf7011f1b0b8cc44f54eb6ac48a96c3',
  },
  {
    name: 'nvidia-cudnn-cu12',
    version: '9.28.0.42',
    sha256: '9ff58b7f36dacd0a93e89f8f2957b52466889217963701daa15e577317cfa375',
  },
  {
    name: 'nvidia-cufft-cu12',
    version: '11.4.1.4',
    sha256: 'c67884f2a7d276b4b80eb56a79322a95df592ae5e765cf1243693365ccab4e28',
  },
  {
    name: 'nvidia-curand-cu12',
    version: '10.3.10.19',
    sha256: '49b274db4780d421bd2ccd362e1415c13887c53c214f0d4b761752b8f9f6aa1e',
  },
  {
    name: 'nvidia-cusolver-cu12',
    version: '11.7.5.82',
    sha256: '15da72d1340d29b5b3cf3fd100e3cd53421dde36002eda6ed93811af63c40d88',
  },
  {
    name: 'nvidia-cusparse-cu12',
    version: '12.5.10.65',
    sha256: '73060ce019ac064a057267c585bf1fd5a353734151f87472ff02b2c5c9984e78',
  },
  {
    name: 'nvidia-nccl-cu12',
    version: '2.32.3',
    sha256: 'bb94b2348e4861d5e8aa00b36c3d12d9bdf9c6369b82cbb723de0b582280a21c',
  },
  {
    name: 'nvidia-nvjitlink-cu12',
    version: '12.9.86',
    sha256: 'e3f1171dbdc83c5932a45f0f4c99180a70de9bd2718c1ab77d14104f6d7147f9',
  },
];

/** oneDNN for the CPU with GNU's OpenMP, Linux on x64. */
export const ONEDNN_WHEEL: PinnedWheel = {
  name: 'onednn-cpu-gomp',
  version: '2023.2.0',
  sha256: '2f22a54d6a890ed14bfa185d42a4be65d8b5b1df85dc1f0f3a9abe31620416fb',
};
/** Of the library in it. */
export const ONEDNN_LIBRARY_SHA256 = 'e6376208cf6bacb041c346b504207e3aa1189a13f941c92a4383a55ac27058ae';
