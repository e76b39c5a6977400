#!/usr/bin/env node
import { execute } from '@oclif/core';

// A reader that went away must not end a training: head, or the terminal of one that nohup keeps running.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error) => {
    if (error.code !== 'EPIPE' && error.code !== 'EIO') throw error;
  });
}

await execute({ dir: import.meta.url });
