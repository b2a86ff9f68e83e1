import { dirname, join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { sourceFiles } from './source-files.ts';

/**
 * The rooms of the house from the ground up: a room may import from its own floor and from lower ones. `top` are the
 * files directly in src, `schemas` the JSON in schemas.
 */
const floors: readonly (readonly string[])[] = [
  ['schemas', 'top', 'quantity'],
  [
    'plan',
    'task',
    'schema',
    'secret',
    'environment',
    'process',
    'repository',
    'schedule',
    'settings',
    'junit',
    'http',
  ],
  ['record', 'unit'],
  ['lock'],
  ['postgres'],
  ['export'],
  ['artifact', 'bucket'],
  ['restore', 'monitor', 'uploads', 'sync', 'cdn', 'watch', 'metrics'],
  ['engine', 'view'],
  ['evidence', 'doctor'],
  ['alert'],
  ['demo'],
  ['cli'],
];

/** Neighbours on a floor, or below it, that must not know each other all the same. */
const strangers: readonly (readonly [room: string, ...others: string[]])[] = [
  ['engine', 'view', 'postgres', 'artifact', 'alert'],
  ['view', 'engine', 'postgres', 'artifact', 'repository'],
  ['secret', 'plan', 'process', 'repository', 'schedule'],
  ['repository', 'plan', 'schedule', 'settings'],
  ['process', 'plan', 'repository', 'schedule', 'settings'],
  ['quantity', 'top'],
  ['bucket', 'artifact', 'postgres'],
];

/** All that a task may know: its contract and the domain. */
const knownToTasks = [
  'schemas',
  'schema',
  'top',
  'task',
  'postgres',
  'artifact',
  'bucket',
  'restore',
  'monitor',
  'uploads',
  'repository',
  'secret',
  'quantity',
  'environment',
  'process',
  'http',
  'sync',
  'cdn',
  'watch',
  'evidence',
];

interface Import {
  readonly file: string;
  readonly from: string;
  readonly to: string;
  readonly path: string;
  readonly typesOnly: boolean;
}

let imports: Import[];

beforeAll(async () => {
  const files = await sourceFiles('src', 'tasks');
  imports = [...files].flatMap(([file, text]) => importsOf(file, text));
});

function importsOf(file: string, text: string): Import[] {
  const statements = text.matchAll(
    /\b(?<what>import|export)(?<type> type)?\b[^;'"]*?['"](?<path>\.[^'"]+)['"]/g,
  );
  return [...statements].map(({ groups }) => {
    const path = join(dirname(file), groups?.['path'] ?? '');
    return { file, from: roomOf(file), to: roomOf(path), path, typesOnly: groups?.['type'] !== undefined };
  });
}

function roomOf(path: string): string {
  const [base, room, ...rest] = path.split('/');
  if (base !== 'src') return base ?? '';
  return rest.length === 0 ? 'top' : (room ?? '');
}

function floorOf(room: string): number {
  return floors.findIndex((rooms) => rooms.includes(room));
}

function described(wrong: readonly Import[]): string[] {
  return wrong.map(({ file, path }) => `${file} imports ${path}`);
}

test('every room has its floor', () => {
  const rooms = new Set(imports.flatMap(({ from, to }) => [from, to]).filter((room) => room !== 'tasks'));
  expect([...rooms].filter((room) => floorOf(room) < 0)).toEqual([]);
  expect(imports.length).toBeGreaterThan(100);
});

test('imports run one way: to the same floor or a lower one', () => {
  const upwards = imports.filter(({ from, to }) => from !== 'tasks' && floorOf(to) > floorOf(from));
  expect(described(upwards)).toEqual([]);
});

test('src never imports a task or a test', () => {
  expect(
    described(imports.filter(({ from, to }) => from !== 'tasks' && ['tasks', 'test'].includes(to))),
  ).toEqual([]);
});

test('tasks know their contract and the domain, and of plans only types', () => {
  const wrong = imports
    .filter(({ from, to }) => from === 'tasks' && to !== 'tasks' && !knownToTasks.includes(to))
    .filter(({ to, typesOnly }) => !(to === 'plan' && typesOnly));
  expect(described(wrong)).toEqual([]);
});

test.each(strangers)('%s does not know %s and the like', (room, ...others) => {
  expect(described(imports.filter(({ from, to }) => from === room && others.includes(to)))).toEqual([]);
});
