import { fileURLToPath } from 'node:url';
import { execute } from '@oclif/core';
import { UserError } from '../dist/errors.js';
import { fileError } from '../dist/storage/file_error.js';

/**
 * A reader that went away must not end a training: head, or the terminal of one that nohup keeps running. Nor must a
 * disk that is full of its log; but then not all was done that was asked for.
 */
let told = false;
// In place of oclif's listener, which throws.
process.stdout.removeAllListeners('error');
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error) => {
    // EPIPE, EIO: nobody reads. After an error, a stream is destroyed.
    if (['EPIPE', 'EIO', 'ERR_STREAM_DESTROYED'].includes(error.code)) return;
    const name = stream === process.stdout ? 'the standard output' : 'the standard error output';
    const failure = fileError('write', name, error);
    if (!(failure instanceof UserError)) throw error;
    process.exitCode = 1;
    if (!told && stream === process.stdout) process.stderr.write(`${failure.message}\n${failure.hint}\n`);
    told = true;
  });
}

// Plugins of oclif are none of gnet's: not even a home directory that cannot be read is looked into.
await execute({ loadOptions: { root: fileURLToPath(import.meta.url), userPlugins: false } });
