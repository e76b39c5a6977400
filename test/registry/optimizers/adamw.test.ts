import { adamSuite } from '../../helpers/adam_suite.js';

// Decoupled: the parameter shrinks by itself, and the running means see the gradient alone.
adamSuite('adamw', 'AdamW', (gradient, theta, rate, decay) => [gradient, theta - rate * decay * theta]);
