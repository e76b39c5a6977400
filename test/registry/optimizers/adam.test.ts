import { adamSuite } from '../../helpers/adam_suite.js';

// An L2 penalty: it goes through the running means.
adamSuite('adam', 'Adam', (gradient, theta, _rate, decay) => [gradient + decay * theta, theta]);
