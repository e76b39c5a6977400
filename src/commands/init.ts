import { Args, Flags } from '@oclif/core';
import type { InitResult } from '../authoring/init.js';
import { type TemplateName, templates } from '../authoring/template.js';
import { BaseCommand } from '../base_command.js';
import { type DatasetType, datasetEntry, datasets } from '../registry/datasets/index.js';

const datasetNames = Object.keys(datasets) as DatasetType[];
const modelNames = Object.keys(templates) as TemplateName[];

export default class Init extends BaseCommand {
  static override summary = 'Write a commented config to start from.';
  static override description = [
    'Every key is written out with a comment; an editor with YAML support completes and checks the rest. A file that exists is never overwritten.',
    'Given a directory of images (one directory a class) or a CSV or JSONL file that lists them, it looks at them and chooses network, size, normalization and hyperparameters; with --init, it fine-tunes the network that the weights are of.',
    'Data sets:',
    ...datasetNames.map((name) => `- ${name}: ${datasetEntry(name).schema.description}`),
    'Models:',
    ...modelNames.map((name) => `- ${name}: ${templates[name].summary}.`),
  ].join('\n');
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> first.yaml --dataset shapes --model small',
    '<%= config.bin %> <%= command.id %> photos/',
    '<%= config.bin %> <%= command.id %> photos/ photos.yaml --init resnet18.pth',
    '<%= config.bin %> <%= command.id %> photos.yaml --dataset image_folder --root photos --model resnet18',
    '<%= config.bin %> <%= command.id %> configs/cifar100.yaml --dataset cifar100 --model googlenet-32',
  ];
  static override args = {
    place: Args.string({
      description: 'YAML file to write, <model>-<dataset>.yaml if not given; or images to write a config for',
    }),
    file: Args.string({ description: 'YAML file to write for these images; <directory>.yaml if not given' }),
  };
  static override flags = {
    dataset: Flags.option({
      options: datasetNames,
      description: 'images to train on; cifar10 if not given',
    })(),
    model: Flags.option({
      options: modelNames,
      description: 'network and hyperparameters; googlenet-32 if not given',
    })(),
    root: Flags.string({
      description:
        'directory of your own images (--dataset image_folder), or the file that lists them (manifest)',
    }),
    init: Flags.string({
      helpValue: 'FILE',
      description:
        'weights to fine-tune on these images: safetensors or a .pth of PyTorch, a run or a checkpoint',
    }),
  };

  override async run(): Promise<InitResult> {
    const { args, flags } = await this.parse(Init);
    const { initConfig, initText } = await import('../authoring/init.js');
    const result = await initConfig({
      place: args.place,
      file: args.file,
      dataset: flags.dataset,
      model: flags.model,
      root: flags.root,
      init: flags.init,
    });
    this.log(initText(result));
    return result;
  }
}
