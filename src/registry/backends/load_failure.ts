/** What the messages of Node.js, the dynamic linker and tfjs-node mean, each with what they name. */
const CAUSES: readonly (readonly [pattern: RegExp, cause: string])[] = [
  [
    /tfjs_binding\.node\) can ?not be found/,
    'is installed without its native part: its install script was not run, or the download of libtensorflow was refused',
  ],
  [/([^\s:/]+): cannot open shared object file/, 'needs the shared library $1, which is not on this system'],
  [/Library not loaded: \S*?([^\s/]+)$/m, 'needs the shared library $1, which is not on this system'],
  [
    /wrong ELF class|invalid ELF header|incompatible architecture|not a valid Win32 application/,
    `has a native part for another system or processor than ${process.platform} ${process.arch}`,
  ],
  [/version `([^']+)' not found/, 'needs $1, which is newer than what this system has'],
  [/undefined symbol: (\S+)/, 'has a native part that does not fit its TensorFlow library (no symbol $1)'],
  [/file too short/, 'has a damaged native part: a file is too short'],
  [
    /compiled against a different Node\.js version/,
    `has a native part for another version of Node.js than ${process.version}`,
  ],
];

/** Why `subject` does not load, as a sentence. */
export function explainLoadFailure(subject: string, error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  if (message.startsWith(`Cannot find module '${subject}'`)) return `${subject} is not installed`;
  for (const [pattern, cause] of CAUSES) {
    const match = pattern.exec(message);
    if (match) return `${subject} ${cause.replace('$1', match[1] ?? '')}`;
  }
  return `${subject} does not load: ${message.split('\n')[0]}`;
}
