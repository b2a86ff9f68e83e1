/**
 * Runs eslint on the files that it has not found good as they are. Its rules look at the types of what a file imports, so
 * that eslint's own cache, which goes by the file alone, would miss what a change does elsewhere: here a file counts as
 * unchanged when all that it reaches by relative paths is, and what counts everywhere: settings, packages, Node,
 * declarations of global scope.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const memory = join(root, 'node_modules', '.cache', 'run-plan', 'lint.json');
const elsewhere = ['node_modules', 'dist', 'coverage', 'bench-results'];
const everywhere = ['package.json', 'package-lock.json', 'tsconfig.json', 'eslint.config.js', 'bin/lint.js'];

const texts = new Map(filesBelow(root).map((path) => [path, readFileSync(path, 'utf8')]));
const reached = new Map([...texts].map(([path, text]) => [path, referencesOf(path, text)]));
const common = hash(process.version, ...everywhere.map((path) => texts.get(join(root, path))), ...globals());
const keys = Object.fromEntries(
  [...texts.keys()].filter(isCode).map((path) => [relative(root, path), keyOf(path)]),
);

const known = remembered();
const changed = Object.keys(keys).filter((path) => known[path] !== keys[path]);
if (changed.length > 0) process.exitCode = (await lint(changed)) ? 0 : 1;

/** Looks at files, says what is wrong, and remembers those where nothing is. */
async function lint(paths) {
  const { ESLint } = await import('eslint');
  const eslint = new ESLint({ cwd: root, warnIgnored: false });
  const results = await eslint.lintFiles(paths);
  const wrong = results.filter(({ messages }) => messages.length > 0);
  const isWrong = new Set(wrong.map(({ filePath }) => relative(root, filePath)));
  const good = Object.entries(keys).filter(([path]) => !isWrong.has(path));
  mkdirSync(dirname(memory), { recursive: true });
  writeFileSync(memory, JSON.stringify(Object.fromEntries(good)));
  if (wrong.length > 0) console.log(await (await eslint.loadFormatter('stylish')).format(wrong));
  return wrong.length === 0;
}

function filesBelow(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return isElsewhere(entry.name) ? [] : filesBelow(path);
    return entry.isFile() && /\.([cm]?[jt]s|json)$/.test(entry.name) ? [path] : [];
  });
}

function isElsewhere(name) {
  return name.startsWith('.') || elsewhere.includes(name);
}

function isCode(path) {
  return !path.endsWith('.json');
}

/** Whatever a quoted relative path may mean: an import, an `import()`, a type's; TypeScript takes `.js` for `.ts` too. */
function referencesOf(path, text) {
  if (!isCode(path)) return [];
  const references = [...text.matchAll(/['"`](\.{1,2}\/[^'"`\n]+)['"`]/g)];
  const targets = references.map(([, to]) => resolve(dirname(path), to));
  return targets.flatMap((to) => [to, to.replace(/\.js$/, '.ts')]);
}

/** Files that change what others mean without being imported. */
function globals() {
  return [...texts]
    .filter(([path, text]) => path.endsWith('.d.ts') || /^\s*declare (module|global)\b/m.test(text))
    .flat();
}

function keyOf(path) {
  const all = new Set([path]);
  for (const each of all) for (const to of reached.get(each) ?? []) if (texts.has(to)) all.add(to);
  return hash(common, ...[...all].sort().flatMap((each) => [relative(root, each), texts.get(each)]));
}

function hash(...parts) {
  const sum = createHash('sha256');
  for (const part of parts) sum.update(`${part.length}:${part}`);
  return sum.digest('base64url');
}

function remembered() {
  try {
    return JSON.parse(readFileSync(memory, 'utf8'));
  } catch {
    return {};
  }
}
