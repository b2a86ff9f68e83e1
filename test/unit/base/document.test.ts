import { execFileSync } from 'node:child_process';
import {
  chmod,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { describeDamage, document, documentLines, type Reading } from '../../../src/base/document.ts';
import { Failure } from '../../../src/base/failure.ts';
import { readBounded, writeWhole } from '../../../src/base/files.ts';
import { fc } from '../../fixtures/property.ts';

interface Note {
  readonly text: string;
}

/** As the generated ones are. */
const validate = Object.assign(
  (value: unknown): boolean => {
    const isNote =
      typeof value === 'object' && value !== null && 'text' in value && typeof value.text === 'string';
    validate.errors = isNote ? [] : [{ instancePath: '/text', message: 'must be string' }];
    return isNote;
  },
  { errors: [] as { instancePath: string; message: string }[] },
);

const notes = document<Note>({
  name: 'note',
  limitBytes: 1000,
  schema: () => Promise.resolve({ default: validate }),
  fault: ({ text }) => (text === 'no' ? 'says no' : undefined),
});

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'run-plan-document-'));
});

afterEach(() => rm(folder, { recursive: true, force: true }));

function told(reading: Reading<Note>): string {
  return reading.state === 'damaged' ? describeDamage(reading.damage, 'it') : reading.state;
}

describe('what is wrong is told with its place', () => {
  test.each([
    ['', 'it is empty'],
    [Buffer.from([0xff, 0xfe]), 'it is not UTF-8'],
    ['{"text": "a",\n "b": }', 'it is not JSON at line 2, column 7'],
    ['{"text": "é",\n "b": "half of it', 'it is not JSON at line 2, column 7'],
    ['{"a": 1}}', 'it is not JSON at line 1, column 9'],
    ['{"a": 1', 'it is not JSON at line 1, column 8'],
    ['[1, ]', 'it is not JSON at line 1, column 5'],
    ['{"a" 1}', 'it is not JSON at line 1, column 6'],
    ['{"a": 01}', 'it is not JSON at line 1, column 7'],
    ['{a: 1}', 'it is not JSON at line 1, column 2'],
    [`["${'x'.repeat(900)}`, 'it is not JSON at line 1, column 2'],
    ['<html>', 'it is not JSON at line 1, column 1'],
    ['{"text": 5}', 'it is not valid: must be string at /text'],
    ['{"text": "no"}', 'it says no'],
    [`{"text": ${'['.repeat(80)}`, 'it is nested deeper than 64 levels at line 1, column 73'],
    ['x'.repeat(1001), 'it is larger than the limit of 1000 bytes'],
    ['{"text": "[[{{\\"[["}', 'sound'],
  ])('%s', async (content, expected) => {
    expect(told(await notes.parse(content, 'there'))).toBe(expected);
  });

  test('and what it holds does not reach a terminal raw', async () => {
    const strange = document<Note>({
      name: 'note',
      limitBytes: 1000,
      schema: () =>
        Promise.resolve({
          default: Object.assign(() => false, {
            errors: [{ instancePath: `/\u001b[31m\n${'k'.repeat(500)}` }],
          }),
        }),
    });
    const text = told(await strange.parse('{}', 'there'));
    expect(text).toContain(String.raw`at /\u001b[31m\nkkk`);
    expect(text.length).toBeLessThan(300);
  });

  test('a bracket within text nests nothing', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string(), async (text) => {
        const kept = text === 'no' ? 'yes' : text.slice(0, 100);
        expect(told(await notes.parse(notes.render({ text: kept }), 'there'))).toBe('sound');
      }),
    );
  });
});

describe('a file', () => {
  test('larger than what is read again is written with less in it, or refused', () => {
    const declared = { name: 'note', limitBytes: 1000, schema: () => Promise.resolve({ default: validate }) };
    const large = { text: 'x'.repeat(5000) };
    expect(() => notes.render(large)).toThrow(Failure);
    const shortened = document<Note>({
      ...declared,
      shorter: ({ text }) => (text === '' ? undefined : { text: text.slice(text.length / 2) }),
    });
    expect(JSON.parse(shortened.render(large))).toEqual({ text: 'x'.repeat(625) });
    const stubborn = document<Note>({ ...declared, shorter: () => undefined });
    expect(() => stubborn.render(large)).toThrow('more than is read again');
  });

  test('is written whole, for its owner, and read again; nothing else stays in the folder', async () => {
    const path = join(folder, 'note.json');
    await notes.writeFile(path, { text: 'a' });
    await notes.writeFile(path, { text: 'b' });
    expect(await notes.readFile(path)).toMatchObject({ state: 'sound', value: { text: 'b' } });
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await readdir(folder)).toEqual(['note.json']);
  });

  test('that cannot be put in its place leaves the old one and nothing else', async () => {
    await mkdir(join(folder, 'note.json', 'full'), { recursive: true });
    await expect(notes.writeFile(join(folder, 'note.json'), { text: 'a' })).rejects.toThrow();
    expect(await readdir(folder)).toEqual(['note.json']);
  });

  test('that others read has its mode whatever the umask says', async () => {
    const umask = process.umask(0o077);
    try {
      await writeWhole(join(folder, 'a.prom'), 'a 1\n', 0o644);
    } finally {
      process.umask(umask);
    }
    expect((await stat(join(folder, 'a.prom'))).mode & 0o777).toBe(0o644);
  });

  test('that is missing, a folder, a pipe or a link to nothing is no reason to throw or to wait', async () => {
    await mkdir(join(folder, 'folder'));
    execFileSync('mkfifo', [join(folder, 'pipe')]);
    await symlink(join(folder, 'nowhere'), join(folder, 'link'));
    const read = async (name: string): Promise<string> => told(await notes.readFile(join(folder, name)));
    expect(await read('absent')).toBe('missing');
    expect(await read('link')).toBe('missing');
    expect(await read('folder')).toBe('it cannot be read: it is a folder, not a file');
    expect(await read('pipe')).toBe('it cannot be read: it is something else, not a file');
  });

  test.skipIf(process.getuid?.() === 0)('that this user may not read is named', async () => {
    await notes.writeFile(join(folder, 'note.json'), { text: 'a' });
    await chmod(join(folder, 'note.json'), 0);
    expect(told(await notes.readFile(join(folder, 'note.json')))).toBe(
      'it cannot be read: this user may not read it',
    );
  });

  test('of terabytes is not read, and one of unknown size not beyond its limit', async () => {
    await writeFile(join(folder, 'large'), '');
    await truncate(join(folder, 'large'), 2 ** 42);
    expect(told(await notes.readFile(join(folder, 'large')))).toBe(
      'it is larger than the limit of 1000 bytes',
    );
    // The kernel says that it has no bytes.
    expect(await readBounded('/proc/self/status', 10)).toEqual({ state: 'too-large' });
    expect(await readBounded('/proc/self/status', 100_000)).toMatchObject({ state: 'read' });
  });
});

describe('an object of a store', () => {
  const store = (pieces: Iterable<Uint8Array>, onEnd: () => void = () => undefined) => ({
    put: () => Promise.resolve(),
    get: async () => {
      await Promise.resolve();
      return (async function* read() {
        try {
          for (const piece of pieces) {
            await Promise.resolve();
            yield piece;
          }
        } finally {
          onEnd();
        }
      })();
    },
  });

  test('is read to the limit and no further, however much the store sends', async () => {
    let sent = 0;
    let hasEnded = false;
    const endless = (function* endless() {
      for (;;) {
        sent += 100;
        yield Buffer.alloc(100);
      }
    })();
    const from = store(endless, () => {
      hasEnded = true;
    });
    expect(told(await notes.get(from, 'key'))).toBe('it is larger than the limit of 1000 bytes');
    expect([sent, hasEnded]).toEqual([1100, true]);
  });

  test('that is missing or refused is a matter of its own; a store that fails is not', async () => {
    const failing = (code: 'repository-missing' | 'repository-denied' | 'repository-unreachable') => ({
      put: () => Promise.resolve(),
      get: () => Promise.reject(new Failure(code, 'access denied')),
    });
    expect(told(await notes.get(failing('repository-missing'), 'key'))).toBe('missing');
    expect(told(await notes.get(failing('repository-denied'), 'key'))).toBe(
      'it cannot be read: access denied',
    );
    await expect(notes.get(failing('repository-unreachable'), 'key')).rejects.toMatchObject({
      code: 'repository-unreachable',
    });
  });
});

describe('a file of lines', () => {
  const lines = documentLines<Note>({
    name: 'journal',
    longestBytes: 100_000,
    limitBytes: 10_000_000,
    validate,
  });
  const read = async (path: string): Promise<readonly string[]> => {
    const found: string[] = [];
    for await (const line of lines.read(path))
      found.push(line.state === 'sound' ? line.value.text : describeDamage(line.damage, 'it'));
    return found;
  };

  test('is read line by line, wherever its pieces end', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat({ max: 90_000 }), { maxLength: 8 }), async (lengths) => {
        const texts = lengths.map((length) => 'x'.repeat(length));
        await writeFile(join(folder, 'lines'), texts.map((text) => lines.render({ text })).join(''));
        expect(await read(join(folder, 'lines'))).toEqual(texts);
      }),
      { numRuns: 30 },
    );
  });

  test('names each line that is none, an endless one too, and goes on', async () => {
    const texts = ['{"text":"a"}', '', 'x'.repeat(200_000), '{"text":5}', '{', '{"text":"b"}'];
    await writeFile(join(folder, 'lines'), texts.join('\n'));
    expect(await read(join(folder, 'lines'))).toEqual([
      'a',
      'it is larger than the limit of 100000 bytes at line 3',
      'it is not valid: must be string at line 4, /text',
      'it is not JSON at line 5',
      'b',
    ]);
  });

  test('that is too large, a folder or not there is told, or has none', async () => {
    await writeFile(join(folder, 'large'), '');
    await truncate(join(folder, 'large'), 2 ** 42);
    expect(await read(join(folder, 'large'))).toEqual(['it is larger than the limit of 10000000 bytes']);
    expect(await read(folder)).toEqual(['it cannot be read: it is a folder, not a file']);
    expect(await read(join(folder, 'absent'))).toEqual([]);
    expect(
      await readFile(join(folder, 'large')).catch((error: unknown) => (error as NodeJS.ErrnoException).code),
    ).toBe('ERR_FS_FILE_TOO_LARGE');
  });
});
