import { dirname, join } from 'node:path';
import ts from 'typescript';
import { beforeAll, expect, test } from 'vitest';
import { sourceFiles } from './source-files.ts';

/** The rooms of the house from the ground up: a room knows lower ones only, so that no two are a circle. */
const floors = [
  'schemas',
  'base',
  'language',
  'process',
  's3',
  'store',
  'task',
  'postgres',
  'artifact',
  'restore',
  'bucket',
  'uploads',
  'check',
  'run',
  'tell',
  'place',
  'difference',
  'recovery',
  'demo',
  'cli',
];

/** Lower rooms that a room must not know all the same. */
const strangers: readonly (readonly [room: string, ...others: string[]])[] = [
  ['process', 's3', 'store', 'postgres'],
  ['s3', 'process'],
  ['store', 'process'],
  ['bucket', 'artifact', 'postgres'],
  ['run', 'postgres', 'artifact', 'restore'],
  ['place', 'run', 'tell', 'artifact'],
];

/** What runs tasks is not theirs to know. */
const unknownToTasks = ['run', 'place', 'difference', 'recovery', 'demo', 'cli'];

/** The one room that knows a library. */
const libraries: Readonly<Record<string, string>> = {
  '@aws-sdk/client-cloudfront': 'uploads',
  '@aws-sdk/client-s3': 's3',
  '@clack/prompts': 'cli',
  '@commander-js/extra-typings': 'cli',
  commander: 'cli',
  cosmiconfig: 'language',
  'fast-string-width': 'base',
  'fastest-levenshtein': 'language',
  'jsonpath-rfc9535': 'check',
  listr2: 'run',
  mrmime: 'uploads',
  nodemailer: 'tell',
  pg: 'postgres',
  picomatch: 'uploads',
  saxes: 'check',
  zx: 'process',
};

interface Import {
  readonly file: string;
  readonly from: string;
  /** As it is written: a library, or a path. */
  readonly what: string;
  /** The room of a path. */
  readonly to?: string;
}

let imports: readonly Import[];

beforeAll(async () => {
  const files = await sourceFiles('src', 'tasks');
  imports = [...files].flatMap(([file, text]) => importsOf(file, text));
});

/** Every import of a file: of values and of types, written as a statement, a call or a type. */
function importsOf(file: string, text: string): Import[] {
  const found: Import[] = [];
  const visit = (node: ts.Node): void => {
    const what = importedBy(node);
    if (what?.startsWith('.') === true)
      found.push({ file, from: roomOf(file), what, to: roomOf(join(dirname(file), what)) });
    else if (what !== undefined) found.push({ file, from: roomOf(file), what });
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(file, text, ts.ScriptTarget.Latest));
  return found;
}

function importedBy(node: ts.Node): string | undefined {
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return textOf(node.moduleSpecifier);
  if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword)
    return textOf(node.arguments[0]);
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) return textOf(node.argument.literal);
  return undefined;
}

function textOf(node: ts.Node | undefined): string | undefined {
  return node !== undefined && ts.isStringLiteralLike(node) ? node.text : undefined;
}

/** `src/tell/alert/state.ts` lies in `tell`; everything outside src in its top folder. */
function roomOf(path: string): string {
  const [base = '', room = ''] = path.split('/');
  return base === 'src' ? room : base;
}

function described(wrong: readonly Import[]): string[] {
  return wrong.map(({ file, what }) => `${file} imports ${what}`);
}

test('imports are seen in every form', () => {
  const text = `
    import type { A } from './a.ts'; import b, { type B } from '../run/b.ts'; export * from 'c';
    const d = await import('./d.ts'); type E = import('../tell/e.ts').E;`;
  expect(importsOf('src/cli/x.ts', text).map(({ what, to }) => [what, to])).toEqual([
    ['./a.ts', 'cli'],
    ['../run/b.ts', 'run'],
    ['c', undefined],
    ['./d.ts', 'cli'],
    ['../tell/e.ts', 'tell'],
  ]);
});

test('every room has its floor', () => {
  const rooms = new Set(imports.flatMap(({ from, to = from }) => [from, to]));
  expect([...rooms].filter((room) => room !== 'tasks' && !floors.includes(room))).toEqual([]);
  expect(imports.length).toBeGreaterThan(1000);
});

test('imports run one way: to lower floors', () => {
  const upwards = imports.filter(
    ({ from, to }) =>
      to !== undefined && from !== 'tasks' && from !== to && floors.indexOf(to) >= floors.indexOf(from),
  );
  expect(described(upwards)).toEqual([]);
});

test('src never imports a task or a test', () => {
  expect(
    described(imports.filter(({ from, to = '' }) => from !== 'tasks' && ['tasks', 'test'].includes(to))),
  ).toEqual([]);
});

test('tasks know their contract and the domain', () => {
  expect(
    described(imports.filter(({ from, to = '' }) => from === 'tasks' && unknownToTasks.includes(to))),
  ).toEqual([]);
});

test.each(strangers)('%s does not know %s and the like', (room, ...others) => {
  expect(described(imports.filter(({ from, to = '' }) => from === room && others.includes(to)))).toEqual([]);
});

test('a library is known to one room', () => {
  const name = (what: string): string =>
    what
      .split('/')
      .slice(0, what.startsWith('@') ? 2 : 1)
      .join('/');
  const wrong = imports.filter(({ from, to, what }) => {
    const room = libraries[name(what)];
    return to === undefined && room !== undefined && room !== from;
  });
  expect(described(wrong)).toEqual([]);
});

test('requests to S3 leave by one way', () => {
  const doors = ['src/s3/ask.ts', 'src/s3/answer.ts', 'src/s3/patience.ts', 'src/s3/pace.ts'];
  const around = imports.filter(
    ({ file, from, what }) => from !== 's3' && doors.includes(join(dirname(file), what)),
  );
  expect(described(around)).toEqual([]);
});

test('nobody but the door sends to S3', async () => {
  const sends = /\bclient\.send\(|\[wire\]/;
  const files = [...(await sourceFiles('src', 'tasks'))].filter(([, text]) => sends.test(text));
  // CloudFront has a door of its own.
  expect(files.map(([file]) => file).sort()).toEqual([
    'src/s3/ask.ts',
    'src/s3/client.ts',
    'src/s3/download.ts',
    'src/uploads/cdn/cloudfront.ts',
  ]);
});

test('HTTP is spoken in one place', async () => {
  const outside = [...(await sourceFiles('src', 'tasks'))].filter(
    ([file]) => !file.startsWith('src/base/http/'),
  );
  const speaks = /\bfetch\(|from '(?:node:https?|undici)'|import\('node:https?'\)/;
  // A line of the restore guide, which is a script for people, defines a function of that name.
  const wrong = outside.filter(([, text]) => speaks.test(text.replaceAll("'fetch() {'", '')));
  expect(wrong.map(([file]) => file)).toEqual([]);
});

test('processes are started in one file', () => {
  const starting = imports.filter(({ what }) => what === 'node:child_process' || what === 'child_process');
  expect([...new Set(starting.map(({ file }) => file))]).toEqual(['src/process/started-group.ts']);
});
