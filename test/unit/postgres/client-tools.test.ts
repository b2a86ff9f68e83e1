import { expect, test } from 'vitest';
import {
  chooseClientTools,
  chooseMajor,
  chooseRestoreTools,
  parseClientVersion,
} from '../../../src/postgres/client-tools.ts';
import { findInstallationFolders } from '../../../src/postgres/server-installation.ts';
import type { Commands } from '../../../src/process/commands.ts';

const installed = [{ major: 17 }, { major: 14 }, { major: 16 }];

test('the client has the server’s major, or the nearest newer one', () => {
  expect(chooseMajor(installed, 16)).toEqual({ major: 16 });
  expect(chooseMajor(installed, 15)).toEqual({ major: 16 });
});

test('a client older than the server is never chosen', () => {
  expect(chooseMajor(installed, 18)).toBeUndefined();
  expect(chooseMajor(installed.slice(0, 0), 15)).toBeUndefined();
});

test.for([
  ['pg_dump (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n', 15, '15.18 (Debian 15.18-0+deb12u1)'],
  ['pg_dump (PostgreSQL) 18beta1', 18, '18beta1'],
  ['pg_dump (PostgreSQL) 9.6.24', 9, '9.6.24'],
] as const)('reads the version out of %j', ([text, major, version]) => {
  expect(parseClientVersion(text)).toEqual({ major, version });
});

test('what is not Postgres has no version', () => {
  expect(parseClientVersion('pg_dump 1.0')).toBeUndefined();
});

/** A host whose packages have their folder's major each, and whose PATH finds one of 99. */
function host(): { readonly commands: Commands; readonly asked: string[] } {
  const asked: string[] = [];
  const run: Commands['run'] = (program) => {
    asked.push(program);
    const major = /(\d+)\/bin\/pg_dump$/.exec(program)?.[1] ?? '99';
    return Promise.resolve({ exitCode: 0, stdout: `pg_dump (PostgreSQL) ${major}.1\n`, stderr: '' });
  };
  const unused = (): never => {
    throw new Error('versions are asked by run');
  };
  return { commands: { run, pipe: unused, shell: unused, $: unused }, asked };
}

test('PATH is asked when no folder of a package has what is needed, and only then', async ({ skip }) => {
  const [installation] = await findInstallationFolders();
  if (installation === undefined) return skip('no package of Postgres has a folder here');
  const { major, binFolder } = installation;
  const having = host();
  expect((await chooseClientTools(having.commands, major)).tools.pgDump).toBe(`${binFolder}/pg_dump`);
  expect((await chooseRestoreTools(having.commands, major - 1, major)).tools.major).toBe(major);
  expect((await chooseRestoreTools(having.commands, major, major - 1)).tools.major).toBe(major);
  expect(having.asked).not.toContain('pg_dump');

  const lacking = host();
  expect((await chooseClientTools(lacking.commands, 98)).tools.pgDump).toBe('pg_dump');
  expect((await chooseRestoreTools(lacking.commands, 99, major)).tools.pgRestore).toBe('pg_restore');
  expect(lacking.asked.filter((program) => program === 'pg_dump')).toHaveLength(2);
});
