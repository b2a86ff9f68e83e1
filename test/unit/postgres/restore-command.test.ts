import { execFile } from 'node:child_process';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { transactionStage } from '../../../src/postgres/restore-command.ts';

const run = promisify(execFile);
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'run-plan-test-'));
});

afterAll(async () => {
  await rm(folder, { recursive: true });
});

/** What the stage writes when pg_restore is this script. */
async function written(script: string): Promise<string> {
  const pgRestore = join(folder, 'pg_restore');
  await writeFile(pgRestore, `#!/bin/sh\n${script}\n`);
  await chmod(pgRestore, 0o755);
  const { program, arguments: words } = transactionStage(
    {
      tools: { pgRestore, psql: 'psql', vacuumdb: 'vacuumdb' },
      database: 'shop',
      environment: {},
      selection: { schemas: [], tables: [], contents: 'all' },
      clean: true,
      singleTransaction: true,
      withoutTablespaces: false,
    },
    ['one dump', "two'dumps"],
    () => undefined,
  );
  return run(program, words).then(
    ({ stdout }) => stdout,
    (error: unknown) => (error as { readonly stdout: string }).stdout,
  );
}

test('the transaction ends when both dumps were read to their ends, and not before', async () => {
  const sayLast = 'for word; do :; done; echo "-- $word";';
  expect(await written(sayLast)).toBe("begin;\n-- one dump\n-- two'dumps\ncommit;\n");
  expect(await written(`${sayLast} exit 1`)).toBe('begin;\n-- one dump\n');
  expect(await written(`${sayLast} [ "$word" = "one dump" ]`)).toBe("begin;\n-- one dump\n-- two'dumps\n");
  expect(await written('kill -9 $$')).toBe('begin;\n');
});
