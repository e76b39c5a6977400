import { openProgram } from '../open_program.js';
import { answerTraining } from './child.js';

// What `gnet verify` starts for each of the two backends.
answerTraining(openProgram);
