import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';

/** Everything below a directory: text of files (as Latin-1, so that any byte counts), targets of links. */
export function snapshot(directory: string): Record<string, string> {
  const names = readdirSync(directory, { recursive: true, encoding: 'utf8' }).sort();
  return Object.fromEntries(
    names.map((name) => {
      const path = join(directory, name);
      const stat = lstatSync(path);
      if (stat.isSymbolicLink()) return [name, `link to ${readlinkSync(path)}`];
      return [name, stat.isFile() ? readFileSync(path, 'latin1') : 'directory'];
    }),
  );
}
