import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';

/** What goes into a zip file: text or bytes, by name. */
export type ZipFiles = Readonly<Record<string, string | Uint8Array>>;

/** A zip file of stored entries, names as they are given; `mode` is that of every file. */
export function zip(files: ZipFiles, mode = 0o100644): Buffer {
  const locals: Buffer[] = [];
  const central: Buffer[] = [];
  let offset = 0;
  for (const [name, content] of Object.entries(files)) {
    const data = typeof content === 'string' ? Buffer.from(content) : content;
    const path = Buffer.from(name);
    // From "version needed" to the length of the extra field, both headers are the same.
    const shared = Buffer.alloc(26);
    shared.writeUInt16LE(20, 0);
    shared.writeUInt32LE(crc32(data), 10);
    shared.writeUInt32LE(data.length, 14);
    shared.writeUInt32LE(data.length, 18);
    shared.writeUInt16LE(path.length, 22);
    const local = Buffer.concat([Buffer.from('PK\x03\x04'), shared, path, data]);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE((mode << 16) >>> 0, 6);
    tail.writeUInt32LE(offset, 10);
    central.push(Buffer.concat([Buffer.from('PK\x01\x02\x14\x03'), shared, tail, path]));
    locals.push(local);
    offset += local.length;
  }
  const directory = Buffer.concat(central);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(central.length, 4);
  end.writeUInt16LE(central.length, 6);
  end.writeUInt32LE(directory.length, 8);
  end.writeUInt32LE(offset, 12);
  return Buffer.concat([...locals, directory, Buffer.from('PK\x05\x06'), end]);
}

export interface WheelParts {
  readonly name?: string;
  readonly version?: string;
  readonly tag?: string;
  /** Requires-Dist. */
  readonly requires?: readonly string[];
  readonly files?: ZipFiles;
  /** Lines of RECORD in place of the right ones. */
  readonly record?: (lines: string[]) => string[];
  readonly mode?: number;
}

/** A wheel of TensorFlow for this machine, where nothing else is said. */
export function wheel({
  name = 'tensorflow_cpu',
  version = '2.21.0',
  tag = `cp312-cp312-manylinux_2_27_${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}`,
  requires = [],
  files = {},
  record = (lines) => lines,
  mode = 0o100644,
}: WheelParts = {}): Buffer {
  const folder = `${name}-${version}.dist-info`;
  const headers = (lines: readonly string[]) => `${lines.join('\n')}\n\nText: not a header\n`;
  const requirements = requires.map((line) => `Requires-Dist: ${line}`);
  const all: ZipFiles = {
    ...files,
    [`${folder}/METADATA`]: headers([
      'Metadata-Version: 2.1',
      `Name: ${name}`,
      `Version: ${version}`,
      ...requirements,
    ]),
    [`${folder}/WHEEL`]: headers(['Wheel-Version: 1.0', `Tag: ${tag}`]),
  };
  const lines = Object.entries(all).map(([path, content]) => {
    const sha256 = createHash('sha256').update(content).digest('base64url');
    return `${path},sha256=${sha256},${Buffer.byteLength(content)}`;
  });
  const text = [...record(lines), `${folder}/RECORD,,`].join('\n');
  return zip({ ...all, [`${folder}/RECORD`]: text }, mode);
}
