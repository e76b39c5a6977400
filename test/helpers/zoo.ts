/** Networks of configs/zoo that are torchvision's: numbers in their parameters and buffers, of ten classes. */
export const TORCHVISION = {
  resnet18: { parameters: 11_181_642, buffers: 9620 },
  resnet50: { parameters: 23_528_522, buffers: 53_173 },
  mobilenet_v2: { parameters: 2_236_682, buffers: 34_164 },
  mobilenet_v3_small: { parameters: 1_528_106, buffers: 12_146 },
  efficientnet_b0: { parameters: 4_020_358, buffers: 42_065 },
  squeezenet1_1: { parameters: 727_626, buffers: 0 },
  vgg11_bn: { parameters: 128_812_810, buffers: 5512 },
  alexnet: { parameters: 57_044_810, buffers: 0 },
  densenet121: { parameters: 6_964_106, buffers: 83_769 },
  convnext_tiny: { parameters: 27_827_818, buffers: 0 },
  googlenet: { parameters: 9_960_638, buffers: 15_131 },
} as const;
