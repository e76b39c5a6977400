import { Errors, type Hook } from '@oclif/core';
import { alternatives, nearest } from '../config/words.js';

/** oclif says no more than that the command does not exist. */
const commandNotFound: Hook.CommandNotFound = async ({ id, config }) => {
  const known = config.commandIDs.toSorted();
  const [name = id] = id.split(':'); // oclif takes the arguments for subcommands
  const near = nearest(name, known);
  const suggestion = near === undefined ? '' : `; did you mean ${near}?`;
  throw new Errors.CLIError(`${name}: expected a command (${alternatives(known)})${suggestion}`, { exit: 2 });
};

export default commandNotFound;
