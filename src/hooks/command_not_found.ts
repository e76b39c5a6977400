import { Errors, type Hook } from '@oclif/core';
import { alternatives, nearest } from '../config/words.js';

/** oclif says no more than that the command does not exist. */
const commandNotFound: Hook.CommandNotFound = async ({ id, config }) => {
  const known = config.commandIDs.toSorted();
  const near = nearest(id, known);
  const suggestion = near === undefined ? '' : `; did you mean ${near}?`;
  throw new Errors.CLIError(`${id}: expected a command (${alternatives(known)})${suggestion}`, { exit: 2 });
};

export default commandNotFound;
