import { gzipSync } from 'node:zlib';
import { Header } from 'tar';

export interface TarEntry {
  readonly path: string;
  readonly type?:
    | 'File'
    | 'Directory'
    | 'SymbolicLink'
    | 'Link'
    | 'CharacterDevice'
    | 'FIFO'
    | 'NextFileHasLongPath';
  readonly content?: Uint8Array;
  readonly linkpath?: string;
  readonly mode?: number;
}

/** A tar.gz of exactly these entries, as hostile as they are. */
export function tarGz(entries: readonly TarEntry[]): Buffer {
  const blocks: Uint8Array[] = [];
  for (const { path, type = 'File', content = new Uint8Array(), linkpath, mode = 0o644 } of entries) {
    const block = Buffer.alloc(512);
    const link = linkpath === undefined ? {} : { linkpath };
    new Header({ path, type, size: content.length, mode, mtime: new Date(0), ...link }).encode(block);
    blocks.push(block, content, Buffer.alloc((512 - (content.length % 512)) % 512));
  }
  return gzipSync(Buffer.concat([...blocks, Buffer.alloc(1024)]));
}
