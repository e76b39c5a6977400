import { hostname } from 'node:os';
import { expect, test } from 'vitest';
import { EVENT_FILE_PATTERN, eventFileName } from '../../src/storage/event_file_name.js';

test('a name has the second, the host, the process and a number', () => {
  const name = eventFileName(1_700_000_000_999, 3);
  const host = hostname().replace(/[^\w.-]/g, '_');
  expect(name).toBe(`events.out.tfevents.1700000000.${host}.${process.pid}.3`);
  expect(name).toMatch(EVENT_FILE_PATTERN);
});

test.each([
  'events.out.tfevents.',
  'events.out.tfevents.1/../x',
  'events.out.tfevents.1\\x',
  'events.out.tfevents.1\n',
  'events.out.tfevents.1\0',
  '../events.out.tfevents.1',
  'metrics.jsonl',
])('%j is no event file', (name) => {
  expect(name).not.toMatch(EVENT_FILE_PATTERN);
});
