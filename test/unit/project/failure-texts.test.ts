import { expect, test } from 'vitest';
import { sourceFiles } from './source-files.ts';

/** Where texts of others are read: of libraries, of the server, of its programs. */
const readers: ReadonlySet<string> = new Set([
  'src/base/document.ts',
  'src/language/yaml/yaml-document.ts',
  'src/postgres/create-database.ts',
  'src/postgres/harmless-messages.ts',
  'src/postgres/restore-failure.ts',
  'src/postgres/sql-check.ts',
]);

test('nobody decides by the message of a failure', async () => {
  const reading =
    /\bmessage\.(?:includes|match|startsWith|endsWith|search|test)\(|\.(?:test|exec)\([\w.]*message\)/;
  const found = [...(await sourceFiles('src', 'tasks'))].flatMap(([file, text]) =>
    text
      .split('\n')
      // Whether a message names what is to be named anyway decides nothing.
      .filter((line) => reading.test(line) && !line.includes('? message : '))
      .map((line) => `${file}: ${line.trim()}`),
  );
  expect(found.filter((line) => !readers.has(line.slice(0, line.indexOf(':'))))).toEqual([]);
});
