import { backends } from '../registry/backends/index.js';
import { answerProbe } from './probe_child.js';

// What `gnet doctor` starts for each backend.
answerProbe(backends);
