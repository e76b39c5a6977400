import type { Hook } from '@oclif/core';
import { alternatives, suggestion } from '../config/words.js';
import { outputJson, outputText } from '../terminal/output_text.js';

/** oclif says no more than that the command does not exist. */
const commandNotFound: Hook.CommandNotFound = async function ({ id, config }) {
  const known = config.commandIDs.map((command) => command.replaceAll(':', ' ')).toSorted();
  const [first = id, second] = id.split(':'); // oclif takes the arguments for subcommands
  const isTopic = second !== undefined && known.some((command) => command.startsWith(`${first} `));
  const name = isTopic ? `${first} ${second}` : first;
  const message = `${name}: expected a command (${alternatives(known)})${suggestion(name, known)}`;
  process.stderr.write(`${outputText(message)}\n`);
  if (process.argv.includes('--json')) {
    process.stdout.write(`${outputJson({ error: { message } })}\n`);
  }
  this.exit(2);
};

export default commandNotFound;
