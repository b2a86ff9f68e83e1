import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { access, chmod, mkdir, mkdtemp, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test, type TestContext } from 'vitest';
import { openFolder } from '../../../src/store/folder.ts';
import type { Repository } from '../../../src/store/repository.ts';

const run = promisify(execFile);
const MiB = 1024 * 1024;
const isRoot = process.getuid?.() === 0;

let parent: string;
let folder: string;
let repository: Repository;
let mounted = false;

beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'folder-test-'));
  folder = join(parent, 'backups');
  repository = await openFolder(folder);
});
afterEach(async () => {
  if (mounted) await run('umount', ['--lazy', folder]);
  mounted = false;
  await rm(parent, { recursive: true, force: true });
});

async function keys(items: AsyncIterable<{ key: string }>): Promise<string[]> {
  const found: string[] = [];
  for await (const { key } of items) found.push(key);
  return found.sort();
}

test('the folder is made by the first put, for its owner alone; before, it is empty', async () => {
  expect(await keys(repository.list(''))).toEqual([]);
  expect(await keys(repository.unfinished())).toEqual([]);
  expect(await repository.freeBytes()).toBeGreaterThan(0);
  await repository.put('runs/nightly/1.json', '{}');
  const modeOf = async (path: string): Promise<number> => (await stat(path)).mode & 0o777;
  expect(await modeOf(folder)).toBe(0o700);
  expect(await modeOf(join(folder, 'runs'))).toBe(0o700);
  expect(await modeOf(join(folder, 'runs/nightly'))).toBe(0o700);
  expect(await modeOf(join(folder, 'runs/nightly/1.json'))).toBe(0o600);
});

test('a missing parent is more likely a missing disk than a new place', async () => {
  const elsewhere = await openFolder(join(parent, 'not/mounted'));
  await expect(elsewhere.put('key', 'x')).rejects.toMatchObject({ code: 'repository-missing' });
  expect(await readdir(parent)).toEqual([]);
});

test('the same folder has one identity by whatever way it is reached', async () => {
  await mkdir(folder);
  await symlink(folder, join(parent, 'link'));
  const linked = await openFolder(join(parent, 'link'));
  expect(linked.identity).toBe((await openFolder(`${folder}/`)).identity);
  await linked.put('through/the link', 'x');
  expect(await keys((await openFolder(folder)).list(''))).toEqual(['through/the link']);
});

test('the last key of a folder takes the folder with it, and the next one makes it again', async () => {
  await repository.put('dump.d/1.dat', 'x');
  await repository.put('dump.d/2.dat', 'x');
  await repository.remove(['dump.d/1.dat']);
  await access(join(folder, 'dump.d'));
  await repository.remove(['dump.d/2.dat']);
  expect(await readdir(folder)).toEqual([]);
  await repository.put('dump.d/1.dat', 'x');
  expect(await keys(repository.list('dump.d/'))).toEqual(['dump.d/1.dat']);
});

test('of many puts of one key exactly one wins', async () => {
  const results = await Promise.allSettled(
    Array.from({ length: 20 }, (_, number) =>
      repository.put('one', Readable.from([Buffer.from(String(number))])),
    ),
  );
  const winners = results.flatMap((result, number) =>
    result.status === 'fulfilled' ? [String(number)] : [],
  );
  expect(winners).toHaveLength(1);
  expect(await text(await repository.get('one'))).toBe(winners[0]);
  for (const result of results) {
    if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'key-exists' });
  }
  expect(await readdir(folder)).toEqual(['one']);
});

describe('symbolic links', () => {
  beforeEach(async () => {
    await mkdir(join(parent, 'outside'));
    await writeFile(join(parent, 'outside/secret'), 'secret');
    await mkdir(folder);
    await symlink(join(parent, 'outside'), join(folder, 'linked'));
    await symlink(join(parent, 'outside/secret'), join(folder, 'secret'));
  });

  test('lead no key out of the folder', async () => {
    const denied = { code: 'repository-denied' };
    await expect(repository.put('linked/new', 'x')).rejects.toMatchObject(denied);
    await expect(repository.put('linked/deep/new', 'x')).rejects.toMatchObject(denied);
    await expect(repository.get('linked/secret')).rejects.toMatchObject(denied);
    await expect(repository.get('secret')).rejects.toMatchObject(denied);
    await expect(repository.head('linked/secret')).rejects.toMatchObject(denied);
    await expect(repository.remove(['linked/secret'])).rejects.toMatchObject(denied);
    expect(await readdir(join(parent, 'outside'))).toEqual(['secret']);
  });

  test('are no objects and take the name all the same', async () => {
    expect(await keys(repository.list(''))).toEqual([]);
    expect(await repository.head('secret')).toBeUndefined();
    await expect(repository.put('secret', 'x')).rejects.toMatchObject({ code: 'key-exists' });
  });
});

describe('a file system that refuses', () => {
  /** A small one in memory, mounted on the folder. */
  async function mount(context: TestContext): Promise<void> {
    if (!isRoot) context.skip('needs root to mount a small tmpfs');
    await mkdir(folder);
    const options = ['-t', 'tmpfs', '-o', 'size=4m,mode=0700', 'tmpfs', folder];
    mounted = await run('mount', options).then(
      () => true,
      () => false,
    );
    if (!mounted) context.skip('this host lets nobody mount a tmpfs');
  }

  test('because it is full: the failure says so, nothing is left, and what was there stays', async (context) => {
    await mount(context);
    await repository.put('good', randomBytes(MiB));
    const free = (await repository.freeBytes()) ?? 0;
    expect(free).toBeLessThanOrEqual(3 * MiB);
    const body = Readable.from(Array.from({ length: 8 }, () => randomBytes(MiB)));
    await expect(repository.put('dump.d/too large', body)).rejects.toMatchObject({
      code: 'repository-write',
      message: expect.stringMatching(/backups\/dump\.d\/too large: no space is left/) as string,
    });
    expect(body.destroyed).toBe(true);
    expect(await keys(repository.list(''))).toEqual(['good']);
    expect(await keys(repository.unfinished())).toEqual([]);
    expect(Math.abs(((await repository.freeBytes()) ?? 0) - free)).toBeLessThan(64 * 1024);
  });

  test('because it is read-only: the failure says so', async (context) => {
    await mount(context);
    await repository.put('good', 'x');
    await run('mount', ['-o', 'remount,ro', folder]);
    const readOnly = {
      code: 'repository-write',
      message: expect.stringContaining('mounted read-only') as string,
    };
    await expect(repository.put('new', 'x')).rejects.toMatchObject(readOnly);
    await expect(repository.put('new folder/new', 'x')).rejects.toMatchObject(readOnly);
    await expect(repository.remove(['good'])).rejects.toMatchObject(readOnly);
    expect(await text(await repository.get('good'))).toBe('x');
  });

  test('because of its permissions: the failure says so', async () => {
    if (isRoot) {
      await asNobody(folder);
      return;
    }
    await mkdir(folder);
    await chmod(folder, 0o500);
    try {
      await expect(repository.put('new', 'x')).rejects.toMatchObject({ code: 'repository-denied' });
    } finally {
      await chmod(folder, 0o700);
    }
  });

  /** Root may write anywhere: an ordinary user tries, in a process of its own. */
  async function asNobody(denied: string): Promise<void> {
    await mkdir(denied, { mode: 0o700 });
    await chmod(dirname(denied), 0o755);
    const script = `
      import { openFolder } from ${JSON.stringify(new URL('../../../src/store/folder.ts', import.meta.url).href)};
      process.setgid('nogroup');
      process.setuid('nobody');
      const repository = await openFolder(${JSON.stringify(denied)});
      const say = (error) => console.log(error.code);
      await repository.put('new', 'x').catch(say);
      try { for await (const object of repository.list('')) console.log(object); } catch (error) { say(error); }`;
    const { stdout } = await run(process.execPath, ['--input-type=module', '-e', script]);
    expect(stdout.trim().split('\n')).toEqual(['repository-denied', 'repository-denied']);
  }
});

test("a named pipe in an object's place is no object, and is not waited for", async () => {
  await mkdir(folder, { recursive: true });
  await run('mkfifo', [join(folder, 'key')]);
  await expect(repository.get('key')).rejects.toMatchObject({ code: 'repository-missing' });
}, 5000);
