/**
 * Builds dist/: the program as few files, because a start-up is mostly the finding and reading of modules. Each task and
 * each entry that the launcher names keeps its path; what they share lies in dist/chunks. The libraries that every
 * start needs go in, with their licences; the large ones that few commands need stay packages.
 */
import { copyFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

const root = fileURLToPath(new URL('..', import.meta.url));
const dist = join(root, 'dist');
const { dependencies } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));

/** Small and needed by every start. Not cosmiconfig's own YAML parser, which is never called. */
const bundled = ['yaml', 'commander', '@commander-js/extra-typings', 'fastest-levenshtein'];

for (const folder of ['src/cli', 'tasks', 'chunks'])
  await rm(join(dist, folder), { recursive: true, force: true });
const tasks = (await readdir(join(root, 'tasks'))).filter((file) => file.endsWith('.ts'));
const entries = ['src/cli/main.ts', ...tasks.map((file) => `tasks/${file}`)];
const external = Object.keys(dependencies).filter((name) => !bundled.includes(name));
const bundle = await rolldown({
  input: Object.fromEntries(entries.map((entry) => [entry.replace(/\.ts$/, ''), join(root, entry)])),
  cwd: root,
  platform: 'node',
  // A package by its name and everything below it: `zx/core`, `ajv/dist/runtime/…`.
  external: (id) => external.some((name) => id === name || id.startsWith(`${name}/`)),
});
await bundle.write({
  dir: dist,
  format: 'esm',
  entryFileNames: '[name].js',
  chunkFileNames: 'chunks/[name]-[hash].js',
});
await bundle.close();
// Beside the chunk that reads it.
await mkdir(join(dist, 'chunks'), { recursive: true });
await copyFile(join(root, 'src/demo/seed.sql'), join(dist, 'chunks/seed.sql'));
await writeFile(join(dist, 'LICENSES.md'), await licences());

async function licences() {
  const texts = bundled.map(async (name) => {
    const folder = join(root, 'node_modules', name);
    const file = (await readdir(folder)).find((entry) => /^licen[cs]e/i.test(entry));
    if (file === undefined) throw new Error(`${name} is bundled and has no licence file`);
    return `## ${name}\n\n${(await readFile(join(folder, file), 'utf8')).trim()}\n`;
  });
  return `# Licences of the packages in dist/chunks\n\n${(await Promise.all(texts)).join('\n')}`;
}
