import { Args, Flags } from '@oclif/core';
import { backendNames } from './registry/backends/index.js';

/** Arguments and flags that several commands have. */

export const sourceArg = Args.string({
  required: true,
  description: 'run directory (its best checkpoint) or checkpoint directory',
});

export const setFlag = Flags.string({
  multiple: true,
  // One value each: `--set KEY=VALUE CONFIG` must not take CONFIG for a second value.
  multipleNonGreedy: true,
  helpValue: 'KEY=VALUE',
  description: 'override a key of the config; KEY+=VALUE appends to a list; can be given several times',
});

export const backendFlag = Flags.option({
  options: ['auto', ...backendNames] as const,
  description: 'what computes, in place of the config key "backend"',
})();

export const threadsFlag = Flags.integer({
  min: 0,
  default: 0,
  helpValue: 'N',
  description: 'threads that compute one operation; 0 takes every core',
});
