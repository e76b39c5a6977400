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
    'Data sets:',
    ...datasetNames.map((name) => `- ${name}: ${datasetEntry(name).schema.description}`),
    'Models:',
    ...modelNames.map((name) => `- ${name}: ${templates[name].summary}.`),
  ].join('\n');
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> first.yaml --dataset shapes --model small',
    '<%= config.bin %> <%= command.id %> photos.yaml --dataset image_folder --root photos --model resnet18',
    '<%= config.bin %> <%= command.id %> configs/cifar100.yaml --dataset cifar100 --model googlenet-32',
  ];
  static override args = {
    file: Args.string({ description: 'YAML file to write; <model>-<dataset>.yaml if not given' }),
  };
  static override flags = {
    dataset: Flags.option({
      options: datasetNames,
      default: 'cifar10',
      description: 'images to train on',
    })(),
    model: Flags.option({
      options: modelNames,
      default: 'googlenet-32',
      description: 'network and hyperparameters',
    })(),
    root: Flags.string({
      description:
        'directory of your own images (--dataset image_folder), or the file that lists them (manifest)',
    }),
  };

  override async run(): Promise<InitResult> {
    const { args, flags } = await this.parse(Init);
    const { initConfig, initText } = await import('../authoring/init.js');
    const result = await initConfig({
      file: args.file,
      dataset: flags.dataset,
      model: flags.model,
      root: flags.root,
    });
    this.log(initText(result));
    return result;
  }
}
