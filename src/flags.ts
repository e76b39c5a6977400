import { Args, Flags } from '@oclif/core';
import { backendNames } from './registry/backends.js';

/** Arguments, flags and texts that several commands have. */

export const CONFIG_FILE = 'YAML file of the experiment; gnet init writes one to start from';

export const sourceArg = Args.string({
  required: true,
  description: 'run directory (its best checkpoint is taken) or checkpoint directory',
});

export const setFlag = Flags.string({
  multiple: true,
  // One value each: `--set KEY=VALUE CONFIG` must not take CONFIG for a second value.
  multipleNonGreedy: true,
  helpValue: 'KEY=VALUE',
  description:
    'override a key of the config, such as optimizer.learning_rate=3e-4 or model.layers.conv1.filters=32; KEY+=VALUE appends to a list; can be given several times',
});

export const backendFlag = Flags.option({
  options: ['auto', ...backendNames] as const,
  description: "what computes, in place of the config's key backend; auto takes the best that works here",
})();

export const weightsFlag = Flags.option({
  options: ['average', 'trained'] as const,
  description:
    'of a checkpoint with averaged weights (key average of its config): these, the default, or those that training changed',
})();

export const threadsFlag = Flags.integer({
  min: 0,
  // More than any machine has cores: each would be started, and spin.
  max: 512,
  default: 0,
  helpValue: 'N',
  description: 'threads that compute one operation; 0, the default, takes one for each physical core',
});
