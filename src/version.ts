import { readFile } from 'node:fs/promises';

/** The version of this program. */
export function gnetVersion(): Promise<string> {
  return packageVersion(new URL('../package.json', import.meta.url));
}

/** The version in a package.json. */
export async function packageVersion(manifest: string | URL): Promise<string> {
  return (JSON.parse(await readFile(manifest, 'utf8')) as { version: string }).version;
}
