import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readSource } from '../../../../src/language/yaml/source.ts';

test("a named pipe in a file's place is a problem, and is not waited for", async () => {
  const folder = await mkdtemp(join(tmpdir(), 'run-plan-source-'));
  const path = join(folder, 'plan.yaml');
  execFileSync('mkfifo', [path]);
  expect(await readSource(path, 'plan.yaml')).toMatchObject({ problem: { rule: 'unreadable-file' } });
  await rm(folder, { recursive: true });
}, 5000);
