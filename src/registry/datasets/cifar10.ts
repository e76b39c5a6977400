import { defineArchiveDataset } from './dataset.js';
import { archiveSchema } from './options.js';

/**
 * CIFAR-10, binary version: 50,000 + 10,000 images of 32×32 RGB in 10 classes.
 * Krizhevsky, "Learning multiple layers of features from tiny images", 2009; https://www.cs.toronto.edu/~kriz/cifar.html
 */
export const cifar10 = defineArchiveDataset({
  schema: archiveSchema('cifar10', 'CIFAR-10: 50,000 + 10,000 photographs, 32×32 RGB, 10 classes.'),
  image: { channels: 3, height: 32, width: 32 },
  classes: ['airplane', 'automobile', 'bird', 'cat', 'deer', 'dog', 'frog', 'horse', 'ship', 'truck'],
  statistics: { mean: [0.4914, 0.4822, 0.4465], std: [0.247, 0.2435, 0.2616] },
  archive: {
    url: 'https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz',
    md5: 'c32a1d4ab5d03f1284b67883e8d87530',
  },
  folder: 'cifar-10-batches-bin',
  files: {
    train: [
      { name: 'data_batch_1.bin', records: 10_000, md5: '5dd7e06a14cb22eb9f671a540d1b7c25' },
      { name: 'data_batch_2.bin', records: 10_000, md5: '5ea93a67294ea407fff1d09f752e9692' },
      { name: 'data_batch_3.bin', records: 10_000, md5: '942cd6a4bcdd0dd3c604fbe906cb4421' },
      { name: 'data_batch_4.bin', records: 10_000, md5: 'ae636b3ba5c66a11e91e8cb52e771fcb' },
      { name: 'data_batch_5.bin', records: 10_000, md5: '53f37980c15c3d472c316c40844f3f0d' },
    ],
    test: [{ name: 'test_batch.bin', records: 10_000, md5: '803d5f7f4d78ea53de84dbe85f74fb6d' }],
  },
  record: { bytes: 3073, labelOffset: 0, imageOffset: 1 },
});
