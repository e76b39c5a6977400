#!/usr/bin/env node
import { execute } from '@oclif/core';

// A reader that went away (head, a closed terminal) must not end a training.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error) => {
    if (error.code !== 'EPIPE') throw error;
  });
}

await execute({ dir: import.meta.url });
