// Loaded into a gnet process with --import: sends it a signal at an exact moment, where a test that watches from
// outside could only hope for one. STRIKE is "<signal> <event> <n>": at the n-th such event, which is one of
//   "append <file>"  bytes were added to a log
//   "write <file>"   a file was written
//   "rename <file>"  something was given that name
//   "run"            a compiled graph was run
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { basename } from 'node:path';

const [, signal, event, count] = /^(\w+) (.+) (\d+)$/.exec(process.env.STRIKE);
let seen = 0;

function happened(what) {
  if (what === event && ++seen === Number(count)) process.kill(process.pid, signal);
}

const paths = new Map();
const { openSync, writeSync } = fs;
fs.openSync = (path, ...rest) => {
  const descriptor = openSync(path, ...rest);
  paths.set(descriptor, basename(String(path)));
  return descriptor;
};
fs.writeSync = (descriptor, ...rest) => {
  const written = writeSync(descriptor, ...rest);
  happened(`append ${paths.get(descriptor)}`);
  return written;
};

const { open, writeFile, rename } = fs.promises;
const handles = new WeakMap();
fs.promises.open = async (path, ...rest) => {
  const handle = await open(path, ...rest);
  handles.set(handle, basename(String(path)));
  return handle;
};
fs.promises.writeFile = async (target, ...rest) => {
  await writeFile(target, ...rest);
  happened(`write ${handles.get(target) ?? basename(String(target))}`);
};
fs.promises.rename = async (from, to) => {
  await rename(from, to);
  happened(`rename ${basename(String(to))}`);
};
syncBuiltinESMExports();

if (event === 'run') {
  const { OnnxRuntimeExecutable } = await import('../../dist/engines/onnxruntime/executable.js');
  const { run } = OnnxRuntimeExecutable.prototype;
  OnnxRuntimeExecutable.prototype.run = async function (...args) {
    const results = await run.apply(this, args);
    happened('run');
    return results;
  };
}
