import { defineArchiveDataset } from './dataset.js';
import { archiveSchema } from './options.js';

// In the order of fine_label_names.txt: label 0 is apple, label 99 worm.
const classes = `
  apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle
  bowl boy bridge bus butterfly camel can castle caterpillar cattle
  chair chimpanzee clock cloud cockroach couch crab crocodile cup dinosaur
  dolphin elephant flatfish forest fox girl hamster house kangaroo keyboard
  lamp lawn_mower leopard lion lizard lobster man maple_tree motorcycle mountain
  mouse mushroom oak_tree orange orchid otter palm_tree pear pickup_truck pine_tree
  plain plate poppy porcupine possum rabbit raccoon ray road rocket
  rose sea seal shark shrew skunk skyscraper snail snake spider
  squirrel streetcar sunflower sweet_pepper table tank telephone television tiger tractor
  train trout tulip turtle wardrobe whale willow_tree wolf woman worm`;

/**
 * CIFAR-100, binary version: 50,000 + 10,000 images of 32×32 RGB; the 100 fine labels are learnt.
 * Its page publishes the digest of the archive only, so the files are known by the manifest of their extraction.
 * Krizhevsky, "Learning multiple layers of features from tiny images", 2009; https://www.cs.toronto.edu/~kriz/cifar.html
 */
export const cifar100 = defineArchiveDataset({
  schema: archiveSchema('cifar100', 'CIFAR-100: 50,000 + 10,000 photographs, 32×32 RGB, 100 fine classes.'),
  image: { channels: 3, height: 32, width: 32 },
  classes: classes.trim().split(/\s+/),
  statistics: { mean: [0.5071, 0.4865, 0.4409], std: [0.2673, 0.2564, 0.2762] },
  archive: {
    url: 'https://www.cs.toronto.edu/~kriz/cifar-100-binary.tar.gz',
    md5: '03b5dce01913d631647c71ecec9e9cb8',
  },
  folder: 'cifar-100-binary',
  files: {
    train: [{ name: 'train.bin', records: 50_000 }],
    test: [{ name: 'test.bin', records: 10_000 }],
  },
  // Byte 0 is the coarse label (20 superclasses).
  record: { bytes: 3074, labelOffset: 1, imageOffset: 2 },
});
