import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { hashFiles, inspectFiles, MANIFEST_NAME, writeManifest } from '../../src/data/manifest.js';
import type { Digest } from '../../src/storage/digest.js';
import { hashOf, smallDataset } from '../helpers/archive_dataset.js';
import { temporaryDirectory } from '../helpers/temporary_directory.js';

async function setUp(table: boolean) {
  const { entry, contents } = smallDataset({ table });
  const folder = join(temporaryDirectory(), 'small');
  await mkdir(folder);
  for (const [name, bytes] of Object.entries(contents)) await writeFile(join(folder, name), bytes);
  const official: Digest = { algorithm: 'md5', hex: entry.archive.md5 };
  return { entry, contents, folder, official };
}

describe('inspectFiles', () => {
  it("knows the files by the entry's table", async () => {
    const { entry, folder, official } = await setUp(true);
    expect(await inspectFiles(entry, folder, official)).toEqual({ state: 'intact' });
  });

  it('of another archive believes its manifest alone', async () => {
    const { entry, folder } = await setUp(true);
    const other: Digest = { algorithm: 'sha256', hex: '0'.repeat(64) };
    const unknown = await inspectFiles(entry, folder, other);
    expect(unknown).toMatchObject({ state: 'damaged' });
    await writeManifest(folder, other, await hashFiles(entry, folder));
    expect(await inspectFiles(entry, folder, other)).toEqual({ state: 'intact' });
    expect(await inspectFiles(entry, folder, { ...other, hex: '1'.repeat(64) })).toMatchObject({
      state: 'damaged',
    });
  });

  it('without a table needs a manifest, and a sound one', async () => {
    const { entry, folder, official } = await setUp(false);
    expect(await inspectFiles(entry, folder, official)).toMatchObject({
      problems: expect.arrayContaining([
        `${join(folder, 'a.bin')}: no manifest says that it is from this archive`,
      ]),
    });
    await writeManifest(folder, official, await hashFiles(entry, folder));
    expect(await inspectFiles(entry, folder, official)).toEqual({ state: 'intact' });
    for (const damaged of ['{', '[]', '{"archive":{"algorithm":"md5","hex":1},"files":{}}']) {
      await writeFile(join(folder, MANIFEST_NAME), damaged);
      expect(await inspectFiles(entry, folder, official)).toMatchObject({ state: 'damaged' });
    }
  });

  it('says what is wrong with each file', async () => {
    const { entry, folder, official, contents } = await setUp(true);
    const changed = Buffer.from(contents['a.bin']);
    changed[5] = 255;
    await writeFile(join(folder, 'a.bin'), changed);
    await writeFile(join(folder, 'b.bin'), 'short');
    await rm(join(folder, 'test.bin'));
    expect(await inspectFiles(entry, folder, official)).toEqual({
      state: 'damaged',
      problems: [
        `${join(folder, 'a.bin')}: expected md5 ${hashOf('md5', contents['a.bin'])}, got ${hashOf('md5', changed)}`,
        `${join(folder, 'b.bin')}: expected 52 bytes, got 5`,
        `${join(folder, 'test.bin')}: missing`,
      ],
    });
  });

  it('of an empty or missing folder is no damage', async () => {
    const { entry, folder, official } = await setUp(true);
    expect(await inspectFiles(entry, join(folder, 'no'), official)).toEqual({ state: 'absent' });
  });
});
