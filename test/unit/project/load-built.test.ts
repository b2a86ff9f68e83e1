import { spawnSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { root } from './source-files.ts';

const loader = pathToFileURL(join(root, 'bin', 'load-built.cjs')).href;
const { asBuilt } = (await import(loader)) as { asBuilt: (code: string) => string };

let folder: string;
let kept: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'load-built-'));
  kept = join(folder, 'kept');
  await build(
    'program.cjs',
    `const { word } = require('./part.cjs');
exports.run = async () => {
  const { basename } = await importOther('node:path');
  console.log(word(), basename(__filename), require('./part.cjs').word === word);
};`,
  );
  await build('part.cjs', `exports.word = () => 'one';`);
});
afterEach(() => rm(folder, { recursive: true }));

function build(name: string, code: string): Promise<void> {
  return writeFile(join(folder, name), asBuilt(code));
}

/** Starts the program as the launcher does, in a process of its own. */
function start(ending = ''): {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
} {
  const script = `import { createLoader } from '${loader}';
const load = createLoader(process.argv[1]);
await load(process.argv[2]).run();
${ending}`;
  const words = ['--input-type=module', '-e', script, kept, join(folder, 'program.cjs')];
  return spawnSync(process.execPath, words, { encoding: 'utf8' });
}

async function keptFiles(): Promise<readonly string[]> {
  return readdir(kept).catch(() => []);
}

test('what a run compiled is kept for the next, which does the same', async () => {
  const first = start();
  expect(first).toMatchObject({ status: 0, stdout: 'one program.cjs true\n', stderr: '' });
  expect((await keptFiles()).map((name) => name.replace(/^[0-9a-f]+-/, '')).sort()).toEqual([
    'part.cjs',
    'program.cjs',
  ]);
  expect(start()).toMatchObject({ status: 0, stdout: first.stdout });
});

test('another text of the same length is what runs', async () => {
  start();
  await build('part.cjs', `exports.word = () => 'two';`);
  expect(start().stdout).toBe('two program.cjs true\n');
});

test('a damaged file of kept code counts for nothing', async () => {
  start();
  for (const name of await keptFiles()) {
    const bytes = await readFile(join(kept, name));
    await writeFile(join(kept, name), bytes.fill(0, 40));
  }
  expect(start()).toMatchObject({ status: 0, stdout: 'one program.cjs true\n' });
  for (const name of await keptFiles()) await writeFile(join(kept, name), '');
  expect(start()).toMatchObject({ status: 0, stdout: 'one program.cjs true\n' });
});

test('what former builds have left is removed when a new one is kept, once it is old', async () => {
  start();
  const [one = '', other = ''] = await keptFiles();
  const former = ['0-one.cjs', '0-other.cjs'].map((name) => join(kept, name));
  for (const path of former) await writeFile(path, 'kept');
  await utimes(former[0] ?? '', new Date(0), new Date(0));
  start();
  expect(await keptFiles()).toContain('0-one.cjs');
  await build('part.cjs', `exports.word = () => 'two';`);
  start();
  const left = await keptFiles();
  expect(left).not.toContain('0-one.cjs');
  expect(left).toEqual(expect.arrayContaining(['0-other.cjs', one, other]));
});

test('a start that failed keeps nothing', async () => {
  expect(start('process.exit(20);').status).toBe(20);
  expect(await keptFiles()).toEqual([]);
});

test('a folder that others may write to is not used', async () => {
  await mkdir(kept);
  await chmod(kept, 0o777);
  expect(start()).toMatchObject({ status: 0, stdout: 'one program.cjs true\n' });
  expect(await keptFiles()).toEqual([]);
});

test('a folder that cannot be written to is no failure', async () => {
  await writeFile(kept, 'a file');
  expect(start()).toMatchObject({ status: 0, stdout: 'one program.cjs true\n' });
});
