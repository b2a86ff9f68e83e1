/**
 * Builds dist/: the program as few files, because a start-up is mostly the finding and reading of modules. Each task and
 * each entry that the launcher names keeps its path; what they share lies in dist/chunks. The libraries that every
 * start needs go in, with their licences; the large ones that few commands need stay packages.
 */
import { copyFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';
import { asBuilt, createLoader } from './load-built.cjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const dist = join(root, 'dist');
const { dependencies } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));

/** Small and needed by every start, with what they need of other packages. */
const bundled = [
  ...['yaml', 'commander', '@commander-js/extra-typings', 'fastest-levenshtein'],
  ...['ajv/dist/runtime', 'cosmiconfig', 'fast-string-width', 'pg'],
  'zx/core',
];
/** cosmiconfig's own parsers, which are never called, and other drivers of pg. */
const neverLoaded = ['import-fresh', 'js-yaml', 'parse-json', 'typescript', 'pg-native', 'pg-cloudflare'];

/** Commander can start commands that are programs of their own, ours are not: its import costs as much as its own code. */
const commanderStartsNothing = {
  name: 'commander-starts-nothing',
  resolveId: (id, importer) =>
    id === 'node:child_process' && importer?.includes('/commander/') ? `\0${id}` : undefined,
  load: (id) => (id === '\0node:child_process' ? 'export default {};' : undefined),
};

/**
 * Requiring it reads every property of the process, and so opens its standard streams: 5 ms that a global costs nobody.
 */
const processIsGlobal = {
  name: 'process-is-global',
  resolveId: (id, importer, { kind }) => {
    if (id !== 'node:process' && id !== 'process') return undefined;
    // An import of CommonJS gets a copy of every property.
    return kind === 'require-call' ? '\0process.cjs' : '\0process.js';
  },
  load: (id) => {
    if (id === '\0process.js') return 'export default globalThis.process;';
    return id === '\0process.cjs' ? 'module.exports = globalThis.process;' : undefined;
  },
};

/** One file of what judges the parameters of tasks: a folder of plans uses most of them, and each file costs its finding. */
const taskNames = (await readdir(join(root, 'schemas/tasks'))).map((file) => file.split('.', 1)[0]);
const taskValidators = new RegExp(`/generated/(?:${taskNames.join('|')})\\.validate\\.ts$`);

/** So are all that every start loads, and all that every command loads besides which reads plans. */
const together = [
  { name: 'start', from: join(root, 'src/cli/main.ts') },
  { name: 'plans', from: join(root, 'src/cli/commands/validate.ts') },
];
const groups = [
  { name: 'task-validators', test: taskValidators },
  ...together.map(({ name, from }) => {
    let modules;
    return {
      name: (id, context) => ((modules ??= reached(from, context)).has(id) ? name : undefined),
      debugName: name,
    };
  }),
];

/** All that a module imports, and what that imports, but for what is imported when it is asked for. */
function reached(from, context) {
  const all = new Set(context.getModuleInfo(from)?.importedIds);
  for (const id of all)
    for (const imported of context.getModuleInfo(id)?.importedIds ?? []) all.add(imported);
  return all;
}

/** Parts of Node that it reads only when they are required, and that most starts do not use. */
const heavy = [
  'fs/promises',
  'child_process',
  'crypto',
  'net',
  'dns',
  'http',
  'https',
  'tls',
  'readline',
  'timers/promises',
  'stream/promises',
  'os',
];

/** A heavy part is required when something of it is first used, not by every file that may use it; zx likewise. */
const heavyWhenUsed = {
  name: 'heavy-when-used',
  resolveId: (id, importer) => {
    const part = id.replace(/^node:/, '');
    const isOurs = importer !== undefined && !importer.startsWith('\0');
    return isOurs && (heavy.includes(part) || part === 'zx/core') ? `\0${part}.lazy.cjs` : undefined;
  },
  load: async (id) => {
    const part = /^\0(.+)\.lazy\.cjs$/.exec(id)?.[1];
    if (part === undefined) return undefined;
    const names = Object.keys(await import(part)).filter((name) => name !== 'default');
    const getters = names.map((name) => `get ${name}() { return part().${name}; }`);
    const loading = heavy.includes(part)
      ? `process.getBuiltinModule('node:${part}')`
      : `require(${JSON.stringify(createRequire(import.meta.url).resolve(part))})`;
    return `let loaded; const part = () => (loaded ??= ${loading}); module.exports = { ${getters.join(', ')} };`;
  },
};

for (const folder of ['src/cli', 'tasks', 'chunks'])
  await rm(join(dist, folder), { recursive: true, force: true });
const tasks = (await readdir(join(root, 'tasks'))).filter((file) => file.endsWith('.ts'));
const entries = ['src/cli/main.ts', ...tasks.map((file) => `tasks/${file}`)];
const external = [...Object.keys(dependencies), ...neverLoaded];
const bundle = await rolldown({
  input: Object.fromEntries(entries.map((entry) => [entry.replace(/\.ts$/, ''), join(root, entry)])),
  cwd: root,
  platform: 'node',
  external: (id) => isOf(id, external) && !isOf(id, bundled),
  plugins: [commanderStartsNothing, processIsGlobal, heavyWhenUsed],
});
const { output } = await bundle.write({
  dir: dist,
  // Not ESM: V8 gives and takes compiled code of scripts only (load-built.cjs).
  format: 'cjs',
  exports: 'named',
  entryFileNames: '[name].cjs',
  chunkFileNames: 'chunks/[name]-[hash].cjs',
  comments: false,
  codeSplitting: { groups },
});
await bundle.close();
for (const { type, fileName, code } of output)
  if (type === 'chunk') await writeFile(join(dist, fileName), asBuilt(inAscii(withImportOther(code))));
await writeFile(join(dist, 'tasks', 'declarations.json'), JSON.stringify(declarations()));
// Beside the chunk that reads it.
await mkdir(join(dist, 'chunks'), { recursive: true });
await copyFile(join(root, 'src/demo/seed.sql'), join(dist, 'chunks/seed.sql'));
await writeFile(join(dist, 'LICENSES.md'), await licences());

/** A package by its name and everything below it: `zx/core`. */
function isOf(id, packages) {
  return packages.some((name) => id === name || id.startsWith(`${name}/`));
}

/** Imports of packages and of the operator's modules go through the loader (load-built.cjs). */
function withImportOther(code) {
  return code.replaceAll(/(?<![\w$.])import\(/g, 'importOther(');
}

/** What is ASCII Node reads without decoding it, and V8 keeps in half the memory. Comments are gone by now. */
function inAscii(code) {
  return code.replaceAll(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** What each task says of itself, so that a plan can be checked without loading its work. */
function declarations() {
  const load = createLoader();
  return tasks.sort().map((file) => {
    const name = file.slice(0, -'.ts'.length);
    const { default: task } = load(join(dist, 'tasks', `${name}.cjs`));
    if (task.name !== name) throw new Error(`tasks/${file} declares the task ${task.name}`);
    return { ...task, parameters: undefined };
  });
}

/** Of every package that a part of went in. */
async function licences() {
  const files = output.flatMap(({ moduleIds = [] }) => moduleIds);
  const names = new Set(
    files.flatMap((id) => /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(id)?.[1] ?? []),
  );
  const texts = [...names].sort().map(async (name) => {
    const folder = join(root, 'node_modules', name);
    const file = (await readdir(folder)).find((entry) => /^licen[cs]e/i.test(entry));
    if (file === undefined) return `## ${name}\n\n${await namedLicence(folder)}\n`;
    return `## ${name}\n\n${(await readFile(join(folder, file), 'utf8')).trim()}\n`;
  });
  return `# Licences of the packages in dist/chunks\n\n${(await Promise.all(texts)).join('\n')}`;
}

/** Of a package that ships no text of it. */
async function namedLicence(folder) {
  const { license, author } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
  if (license === undefined) throw new Error(`${folder} is bundled and names no licence`);
  return `${license}, by ${author?.name ?? author ?? 'its authors'}`;
}
