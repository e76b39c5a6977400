#!/usr/bin/env node
import { readFileSync } from 'node:fs';

// Nothing else is imported before this: an older Node.js would stop at the first line that it cannot parse.
const { engines } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
const [, major, minor] = /(\d+)\.(\d+)/.exec(engines.node).map(Number);
const [ownMajor, ownMinor] = process.versions.node.split('.').map(Number);
if (ownMajor > major || (ownMajor === major && ownMinor >= minor)) {
  import('./main.js');
} else {
  console.error(`Node.js: expected ${engines.node}, got ${process.versions.node}`);
  console.error('Install a current release of Node.js: https://nodejs.org');
  process.exitCode = 2;
}
