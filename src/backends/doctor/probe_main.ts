import { backends } from '../../registry/backends.js';
import { loadTfjs } from '../load_tfjs.js';
import { answerProbe } from './probe_child.js';

// What `gnet doctor` starts for each backend.
answerProbe(backends, loadTfjs);
