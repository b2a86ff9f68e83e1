import { appendFile, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createWorkspace, type Workspace } from './workspace.ts';

let workspace: Workspace;

/** A restore of an operator's own: what evidence is kept of does not depend on whose task it is. */
const task = `export default {
  name: 'files-restore',
  description: 'Pretends to restore.',
  needs: [],
  writes: [],
  role: 'restore',
  outputs: [],
  parameters: { type: 'object', additionalProperties: false, properties: { fail: { type: 'string' } } },
  run: (_, { fail }) => {
    if (fail === 'yes') throw new Error('a bug of theirs');
    return Promise.resolve({
      bytes: 1000,
      facts: { checks: [{ name: 'it <b>opens</b>', state: 'passed' }], restore: { artifact: 'tape-9', source: 'shelf' } },
    });
  },
};
`;

const plan = `environment: staging
timeout: 5m
objectives: { rto: 4h }
parameters: { fail: { default: "no" } }
steps:
  - task: files-restore
    with: { fail: "\${parameters.fail}" }
  - run: echo looked at
  - confirm: Open an invoice
`;

beforeEach(async () => {
  workspace = await createWorkspace();
  await workspace.write(
    'plans/environments.yaml',
    `environments:\n  staging: { repository: { folder: ${workspace.repositoryFolder} } }\n`,
  );
  await workspace.write('plans/drill.yaml', plan);
  await workspace.write('tasks/files-restore.ts', task);
});

afterEach(async () => {
  await workspace.remove();
});

async function run(...words: readonly string[]): ReturnType<Workspace['run']> {
  return workspace.run(words);
}

function evidence(): Promise<string[]> {
  return readdir(join(workspace.repositoryFolder, 'evidence', 'drill'));
}

test('a drill is listed, reported, signed off and verified, and a changed byte is found', async () => {
  expect((await run('report')).stdout).toBe('no drills\n');
  expect((await run('drill')).code).toBe(0);
  const runId = (await evidence())[0]?.split('.')[0] ?? '';
  expect((await evidence()).sort()).toEqual(
    ['.html', '.json', '.junit.xml', '.md', '.seal.json'].map((suffix) => runId + suffix),
  );

  const listed = await run('report', 'drill');
  expect(listed.stdout).toMatch(
    new RegExp(String.raw`${runId}\s+.* ago \(.* UTC\)\s+Passed\s+.*4h\s+tape-9\s+1`),
  );
  const text = await run('report', '--run', runId);
  expect(text.stdout).toMatch(/^Passed: tape-9 was restored in .*Open sign-offs: 1\.\n/);
  const page = await run('report', 'drill', '--format', 'html');
  expect(page.stdout).toBe(
    await readFile(join(workspace.repositoryFolder, 'evidence', 'drill', `${runId}.html`), 'utf8'),
  );
  expect((await run('report', '--verify')).stdout).toBe('verified: 1 seal, 10 documents read\n');

  const wrong = await run('sign-off', runId, '--check', 'nothing', '--by', 'maria');
  expect(wrong.code).toBe(2);
  expect(wrong.stderr).toContain('open are: ');
  const check = /open are: (\S+)/.exec(wrong.stderr)?.[1] ?? '';
  const signed = await run('sign-off', runId, '--check', check, '--by', 'maria', '--note', 'invoice 7');
  expect(signed.stdout).toMatch(/^signed: Open an invoice\nPassed: /);
  expect((await run('sign-off', runId, '--check', check, '--by', 'ali')).code).toBe(2);
  expect((await run('sign-off', 'drill-20200101T000000Z-0000', '--check', check, '--by', 'ali')).code).toBe(
    2,
  );

  const today = await run('report', 'drill', '--format', 'html', '--output', 'today.html');
  expect(today.code).toBe(0);
  const saved = await readFile(join(workspace.folder, 'today.html'), 'utf8');
  expect(saved).toContain('invoice 7');
  expect(saved).toContain('it &lt;b&gt;opens&lt;/b&gt;');
  expect((await run('report', '--verify')).stdout).toBe('verified: 2 seals, 14 documents read\n');

  await appendFile(join(workspace.repositoryFolder, 'evidence', 'drill', `${runId}.md`), ' ');
  const found = await run('report', 'drill', '--verify');
  expect(found.code).toBe(21);
  expect(found.stdout).toContain(`repository: evidence/drill/${runId}.md has `);
  const data = JSON.parse((await run('report', '--verify', '--json')).stdout) as { findings: unknown[] };
  expect(data.findings).toHaveLength(2);
});

test('a failed drill is kept as well, and the newest comes first', async () => {
  await run('drill');
  const failed = await run('drill', '--set', 'fail=yes');
  expect(failed.code).toBe(20);
  const data = JSON.parse((await run('report', '--json')).stdout) as { verdict: { state: string } }[];
  expect(data.map(({ verdict }) => verdict.state)).toEqual(['failed', 'passed']);
  const junit = await run('report', '--format', 'junit');
  expect(junit.stdout).toMatch(
    /<failure type="task-failed" message="the task files-restore threw: a bug of theirs">/,
  );
});

test('a report of what is not there says so', async () => {
  for (const words of [
    ['report', 'drill', '--format', 'html'],
    ['report', '--run', 'drill-20200101T000000Z-0000'],
    ['report', '--run', 'nonsense'],
    ['report', 'other'],
  ]) {
    const told = await run(...words);
    expect([words, told.code]).toEqual([words, 2]);
    expect(told.stderr).toMatch(/^run-plan: /);
  }
});
