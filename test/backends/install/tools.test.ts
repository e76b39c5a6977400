import { beforeEach, expect, it, vi } from 'vitest';
import { findTools } from '../../../src/backends/install/tools.js';
import { fakePrograms } from '../../helpers/fake_programs.js';

beforeEach(() => {
  vi.stubEnv('CXX', undefined);
  vi.stubEnv('PYTHON', undefined);
  return () => vi.unstubAllEnvs();
});

it('finds what is there, of several the first that runs', async () => {
  const works = 'exit 0';
  vi.stubEnv('PATH', fakePrograms({ 'c++': 'exit 1', 'clang++': works, python3: works, npm: works }));
  expect(await findTools(['compiler', 'python', 'npm'])).toEqual({
    compiler: 'clang++',
    python: 'python3',
    npm: 'npm',
  });
});

it('CXX and PYTHON choose', async () => {
  const directory = fakePrograms({ mine: 'exit 0', 'g++': 'exit 0', python3: 'exit 0' });
  vi.stubEnv('PATH', directory);
  vi.stubEnv('CXX', 'mine');
  vi.stubEnv('PYTHON', `${directory}/mine`);
  expect(await findTools(['compiler', 'python'])).toEqual({ compiler: 'mine', python: `${directory}/mine` });
});

it('names everything that is missing at once, and the command that brings it', async () => {
  // A Python without pip is none.
  vi.stubEnv('PATH', fakePrograms({ python3: '[ "$2" != pip ]', npm: 'exit 0' }));
  const error = await findTools(['compiler', 'python', 'npm']).catch((reason: unknown) => reason);
  expect(error).toMatchObject({
    name: 'UserError',
    message:
      "building TensorFlow's binding needs a C++ compiler (tried c++, g++, clang++) and Python 3 with pip (tried python3, python), which is not here",
    hint: expect.stringMatching(/^Install it /),
  });
});

it('does not ask for what is not needed', async () => {
  vi.stubEnv('PATH', fakePrograms({ 'c++': 'exit 0' }));
  expect(await findTools(['compiler'])).toEqual({ compiler: 'c++' });
});
