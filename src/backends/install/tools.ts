import { existsSync } from 'node:fs';
import { UserError } from '../../errors.js';
import { runProgram } from './run_program.js';

/** The programs that building needs. */
export interface Tools {
  readonly compiler: string;
  readonly npm: string;
  /** A Python with pip. */
  readonly python: string;
}

interface Need {
  readonly tool: keyof Tools;
  readonly title: string;
  readonly candidates: readonly string[];
  readonly test: readonly string[];
  /** Package that brings it, by package manager; null where that is none of the manager's business. */
  readonly packages: Readonly<Record<PackageManager, string>> | null;
}

const INSTALL = {
  'apt-get': 'apt-get install -y',
  dnf: 'dnf install -y',
  pacman: 'pacman -S --needed',
  zypper: 'zypper install -y',
} as const;
type PackageManager = keyof typeof INSTALL;

function needs(): readonly Need[] {
  const { CXX, PYTHON } = process.env;
  return [
    {
      tool: 'compiler',
      title: 'a C++ compiler',
      candidates: CXX ? [CXX] : ['c++', 'g++', 'clang++'],
      test: ['--version'],
      packages: { 'apt-get': 'g++', dnf: 'gcc-c++', pacman: 'gcc', zypper: 'gcc-c++' },
    },
    {
      tool: 'python',
      title: 'Python 3 with pip',
      candidates: PYTHON ? [PYTHON] : ['python3', 'python'],
      test: ['-m', 'pip', '--version'],
      packages: {
        'apt-get': 'python3-pip',
        dnf: 'python3-pip',
        pacman: 'python-pip',
        zypper: 'python3-pip',
      },
    },
    { tool: 'npm', title: 'npm', candidates: ['npm'], test: ['--version'], packages: null },
  ];
}

/**
 * Finds the tools, or says what is missing, all of it at once, and the command that mends it.
 * @param purpose what they are for, as the subject of a sentence
 * @throws UserError
 */
export async function findTools(
  wanted: readonly (keyof Tools)[],
  purpose = "building TensorFlow's binding",
): Promise<Partial<Tools>> {
  const found: Partial<Record<keyof Tools, string>> = {};
  const missing: Need[] = [];
  for (const need of needs().filter(({ tool }) => wanted.includes(tool))) {
    const program = await firstThatRuns(need);
    if (program === undefined) missing.push(need);
    else found[need.tool] = program;
  }
  if (missing.length === 0) return found;
  const list = missing.map(({ title, candidates }) => `${title} (tried ${candidates.join(', ')})`);
  throw new UserError(`${purpose} needs ${list.join(' and ')}, which is not here`, {
    hint: mend(missing),
  });
}

async function firstThatRuns({ candidates, test }: Need): Promise<string | undefined> {
  for (const program of candidates) {
    const runs = await runProgram(program, test).then(
      () => true,
      () => false,
    );
    if (runs) return program;
  }
  return undefined;
}

function mend(missing: readonly Need[]): string {
  const managers = Object.keys(INSTALL) as PackageManager[];
  const manager = managers.find((name) => existsSync(`/usr/bin/${name}`));
  const packages = missing.flatMap((need) => (manager && need.packages ? [need.packages[manager]] : []));
  if (manager === undefined || packages.length === 0) return 'Install it and run this command again.';
  return `Install it with: ${INSTALL[manager]} ${packages.join(' ')} (as root), and run this command again.`;
}
