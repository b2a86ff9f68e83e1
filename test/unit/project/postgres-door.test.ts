import ts from 'typescript';
import { beforeAll, expect, test } from 'vitest';
import { sourceFiles } from './source-files.ts';

/** The one room that opens sessions and starts libpq programs. */
const door = 'src/postgres/';

/** Where a program's name is what is installed, looked for or told, and starts nothing. */
const namesOnly: readonly string[] = [
  'src/process/tool.ts',
  'src/place/export/install-script.ts',
  'src/artifact/restore-guide.ts',
];

const programs =
  /(?:^|\/)(?:pg_(?:dump|dumpall|restore|basebackup|isready|ctl|amcheck)|psql|(?:vacuum|create|drop|reindex|cluster)db|createuser|initdb)$/;
const variables = /^(?:PG_?[A-Z]{3,}|PSQL[A-Z_]*)$/;

interface Word {
  readonly file: string;
  readonly text: string;
  /** What is only looked up, or the key under which something is kept. */
  readonly isKey: boolean;
}

let files: ReadonlyMap<string, string>;
let words: readonly Word[];

beforeAll(async () => {
  files = await sourceFiles('src', 'tasks');
  words = [...files]
    .filter(([file]) => !file.startsWith(door))
    .flatMap(([file, text]) => wordsOf(file, text));
});

/** Every literal and every name of a property in a file. */
function wordsOf(file: string, text: string): Word[] {
  const found: Word[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isStringLiteralLike(node)) found.push({ file, text: node.text, isKey: isKey(node) });
    else if (ts.isIdentifier(node) && ts.isPropertyAssignment(node.parent) && node.parent.name === node)
      found.push({ file, text: node.text, isKey: true });
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true));
  return found;
}

function isKey(node: ts.Node): boolean {
  const { parent } = node;
  return ts.isElementAccessExpression(parent) || (ts.isPropertyAssignment(parent) && parent.name === node);
}

function startsProgram({ file, text, isKey: key }: Word): boolean {
  return programs.test(text) && !key && !namesOnly.includes(file);
}

test('what goes round the door is seen', () => {
  const text = `run('psql'); run(\`/usr/bin/pg_dump\`); const tools = { pg_dump: 1 }; tools['pg_dump'];
    const environment = { PGHOST: 'x', 'PGOPTIONS': '' }; environment['PGSERVICE'] = 'y'; const head = 'PGDMP';`;
  const found = wordsOf('src/cli/x.ts', text);
  expect(found.filter(startsProgram).map((word) => word.text)).toEqual(['psql', '/usr/bin/pg_dump']);
  expect(found.filter((word) => variables.test(word.text)).map((word) => word.text)).toEqual([
    'PGHOST',
    'PGOPTIONS',
    'PGSERVICE',
    'PGDMP',
  ]);
});

test('no other room starts a libpq program by its name', () => {
  expect(words.filter(startsProgram)).toEqual([]);
});

test('no other room knows a variable of libpq’s', () => {
  const known = words.filter(({ text }) => variables.test(text) && text !== dumpSignature);
  expect(known).toEqual([]);
});

/** How a dump in the custom format begins. */
const dumpSignature = 'PGDMP';

test('one module opens sessions', () => {
  const opening = [...files].filter(([, text]) => /(?:from|import\() ?'pg'/.test(text)).map(([file]) => file);
  expect(opening).toEqual(['src/postgres/connect.ts']);
});
