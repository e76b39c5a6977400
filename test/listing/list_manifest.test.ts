import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { listManifest } from '../../src/listing/list_manifest.js';
import { temporaryDirectory } from '../helpers/temporary_directory.js';

function list(text: string, name = 'photos.csv') {
  const file = join(temporaryDirectory(), name);
  writeFileSync(file, text);
  return listManifest(file);
}

function problems(text: string, name?: string): string[] {
  const listed = list(text, name);
  if (!('problems' in listed)) throw new Error('expected problems');
  return listed.problems.map(({ expected, actual }) => `expected ${expected}, got ${actual}`);
}

const none = { paths: expect.any(Array), labels: expect.any(Int32Array), groups: null };

describe('a list', () => {
  it('of CSV, columns in any order: classes and images in natural order', () => {
    expect(list('label,more,path\nc10,x,b.png\nc2,x,"a,b.png"\nc10,x,a.png\n')).toEqual({
      listing: {
        classes: ['c2', 'c10'],
        train: { paths: ['a,b.png', 'a.png', 'b.png'], labels: Int32Array.of(0, 1, 1), groups: null },
        validation: null,
        test: null,
      },
    });
  });

  it('of JSON lines, with splits and groups', () => {
    const lines = [
      { path: 'a.png', label: 0, split: 'train', group: 'g1' },
      { path: 'b.png', label: 1, split: 'Training', group: 'g1' },
      { path: 'c.png', label: 1, split: 'val', group: 2 },
    ];
    expect(list(lines.map((line) => JSON.stringify(line)).join('\n'), 'x.jsonl')).toEqual({
      listing: {
        classes: ['0', '1'],
        train: { paths: ['a.png', 'b.png'], labels: Int32Array.of(0, 1), groups: ['g1', 'g1'] },
        validation: { paths: ['c.png'], labels: Int32Array.of(1), groups: ['2'] },
        test: null,
      },
    });
  });

  it('is the same in any order', () => {
    const lines = Array.from({ length: 20 }, (_, i) => `${i}.png,${i % 3}`);
    const of = (all: string[]) => list(`path,label\n${all.join('\n')}`);
    expect(of(lines.toReversed())).toEqual(of(lines));
    expect(of(lines)).toMatchObject({ listing: { train: none } });
  });
});

describe('what is wrong', () => {
  it('is told of every line at once', () => {
    expect(
      problems('path,label,split\na.png,,train\n,b,train\nc.png,c,tset\nd.png,d,train\nd.png,d,train\n'),
    ).toEqual([
      'expected a label, got none in line 2',
      'expected a path, got none in line 3',
      'expected a split of train, training, val, valid, validation, test, got "tset" in line 4',
      'expected each path once, got "d.png" in line 6',
    ]);
  });

  it.each<[string, string, string]>([
    ['no columns', 'a.png,cat\n', 'expected a first line with the columns path and label, got a.png,cat'],
    ['nothing', '', 'expected a first line with the columns path and label, got an empty file'],
    ['an open quote', 'path,label\n"a', 'expected CSV, got a quote that is never closed in line 2'],
    ['one class', 'path,label\na,b', 'expected labels of 2 classes at least, got b'],
    [
      'a split of some',
      'path,label,split\na,x,train\nb,y,train\nc,y,',
      'expected a split of each image, or of none, got none of "c"',
    ],
    [
      'a divided group',
      'path,label,split,group\na,x,train,1\nb,y,train,2\nc,y,test,1',
      'expected each group in one split, got "1" in several',
    ],
    [
      'a class of the test alone',
      'path,label,split\na,x,train\nb,y,train\nc,z,test',
      'expected training images of each class, got none of "z"',
    ],
  ])('%s', (_, text, expected) => expect(problems(text)).toEqual([expected]));

  it('of JSON lines', () => {
    expect(problems('{"path":"a","label":"b"}\n[', 'x.jsonl')).toEqual([
      'expected an object of JSON in each line, got another thing in line 2',
    ]);
    expect(problems('{"path":["a"],"label":true}', 'x.jsonl')).toEqual([
      'expected path as text, got another thing in line 1',
      'expected label as text, got another thing in line 1',
    ]);
  });

  it('a file that is not there', () => {
    expect(listManifest('/nowhere.csv')).toMatchObject({
      problems: [{ actual: '/nowhere.csv: no such file or directory (ENOENT)' }],
    });
  });
});
