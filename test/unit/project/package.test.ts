import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import ts from 'typescript';
import { expect, test } from 'vitest';
import { root } from './source-files.ts';

interface Packed {
  readonly size: number;
  readonly unpackedSize: number;
  readonly files: readonly { readonly path: string; readonly mode: number }[];
}

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly optionalDependencies?: object;
  readonly bundleDependencies?: unknown;
  readonly bin: Readonly<Record<string, string>>;
  readonly scripts: Readonly<Record<string, string>>;
}

async function manifest(): Promise<Manifest> {
  return JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as Manifest;
}

/** What `npm pack` would put into the package, without building it again: `npm test` has built. */
async function pack(): Promise<Packed> {
  const { stdout } = await promisify(execFile)(
    'npm',
    ['pack', '--dry-run', '--json', '--ignore-scripts', '--loglevel=silent'],
    { cwd: root },
  );
  const answer = JSON.parse(stdout) as readonly Packed[] | Readonly<Record<string, Packed>>;
  const [packed] = Array.isArray(answer)
    ? (answer as readonly Packed[])
    : Object.values(answer as Readonly<Record<string, Packed>>);
  if (packed === undefined) throw new Error(`npm pack said ${stdout}`);
  return packed;
}

test('what is published does not bring a Node along, nor anything that runs on installation', async () => {
  const { dependencies, optionalDependencies, bundleDependencies, scripts } = await manifest();
  expect(Object.keys(dependencies).filter((name) => /^node($|-)/.test(name))).toEqual([]);
  expect(optionalDependencies).toBeUndefined();
  expect(bundleDependencies).toBeUndefined();
  expect(Object.keys(scripts).filter((name) => /^(pre|post)?(install|prepare)$/.test(name))).toEqual([]);
});

test('dependencies are exact versions', async () => {
  const { dependencies } = await manifest();
  expect(Object.values(dependencies).filter((version) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([]);
});

test('the package holds the program, its tasks and schemas, and neither tests nor sources', async () => {
  const { files, size, unpackedSize } = await pack();
  const paths = files.map(({ path }) => path);
  const needed = [
    'bin/run-plan',
    'bin/load-built.cjs',
    'bin/run-plan.cjs',
    'LICENSE',
    'README.md',
    'CHANGELOG.md',
    'schemas/plan.schema.json',
    'schemas/environments.schema.json',
  ];
  const built = [
    'dist/src/cli/main.cjs',
    'dist/src/task/contract.d.ts',
    'dist/chunks/seed.sql',
    'dist/LICENSES.md',
    'dist/tasks/declarations.json',
    'dist/tasks/postgres-dump.cjs',
  ];
  expect([...needed, ...built].filter((path) => !paths.includes(path))).toEqual([]);
  expect(
    paths.filter((path) => /^(test|src|tasks|\.ci|node_modules)\/|tsbuildinfo|bin\/(setup|node)/.test(path)),
  ).toEqual([]);
  expect(size).toBeLessThan(1_000_000);
  expect(unpackedSize).toBeLessThan(5_000_000);
});

test('the launcher is executable', async () => {
  const { files } = await pack();
  const { bin } = await manifest();
  const launcher = files.find(({ path }) => path === bin['run-plan']);
  expect((launcher?.mode ?? 0) & 0o111).toBe(0o111);
});

test('the task of the README is checked by TypeScript against what the package holds, and @types/node', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'run-plan-types-'));
  const installed = join(folder, 'node_modules', 'run-plan');
  await cp(join(root, 'dist'), join(installed, 'dist'), {
    recursive: true,
    filter: (path) => !/\.(?:cjs|tsbuildinfo)$/.test(path),
  });
  await cp(join(root, 'package.json'), join(installed, 'package.json'));
  const readme = await readFile(join(root, 'README.md'), 'utf8');
  const example = /```ts\n([\s\S]*?)```/.exec(readme)?.[1] ?? '';
  await writeFile(join(folder, 'invoices-count.ts'), example);
  const program = ts.createProgram([join(folder, 'invoices-count.ts')], {
    module: ts.ModuleKind.NodeNext,
    target: ts.ScriptTarget.ES2024,
    strict: true,
    noEmit: true,
    types: ['node'],
    typeRoots: [join(root, 'node_modules', '@types')],
  });
  const problems = ts
    .getPreEmitDiagnostics(program)
    .map(
      ({ file, messageText }) =>
        `${file?.fileName ?? ''}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`,
    );
  await rm(folder, { recursive: true });
  expect(problems).toEqual([]);
});
