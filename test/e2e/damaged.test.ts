import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { renderDrillMark } from '../../src/artifact/drill-mark.ts';
import { drillKey, manifestKey, verificationKey } from '../../src/artifact/name.ts';
import { damagedWholes } from '../fixtures/damages.ts';
import { keptDrills } from '../unit/tell/evidence/kept.ts';
import { createWorkspace, postgresYaml, secretVariables, type Told, type Workspace } from './workspace.ts';

const services = inject('services');
const variables = secretVariables(services);
const restorePlan = 'drill-staging';

let workspace: Workspace;
/** Documents that the damages meet, by their paths in the workspace; each has a sound one of its kind beside it. */
const met: string[] = [];
let artifacts: readonly string[];
let drills: readonly string[];

beforeAll(async () => {
  workspace = await createWorkspace();
  await workspace.write(
    'plans/environments.yaml',
    `environments:
  prod:
    postgres: ${postgresYaml(services, 'cleaning')}
    repository: { folder: ${workspace.repositoryFolder} }
    alerts: [{ command: { run: cat > /dev/null } }]
`,
  );
  const plan = `environment: prod
schedule: [{ calendar: daily }]
retention: { keep-within: 9999d }
timeout: 5m
steps:
  - run: echo hello
  - task: artifact-prune
`;
  await workspace.write('plans/nightly.yaml', plan);
  await workspace.write(`plans/${restorePlan}.yaml`, plan);
  for (let count = 0; count < 2; count += 1)
    expect(await workspace.run(['nightly'], variables)).toMatchObject({ code: 0 });
  await layArtifacts();
  await layDrills();
  for (const folder of ['state/runs/nightly', 'repository/runs/nightly']) {
    const [oldest = ''] = (await readdir(join(workspace.folder, folder))).sort();
    met.push(join(folder, oldest));
  }
  met.push('state/alerts/nightly.json', 'state/locks/nightly.lock', 'state/alert-proofs.json');
  await cp(workspace.folder, `${workspace.folder}.sound`, { recursive: true });
});

afterAll(async () => {
  await rm(`${workspace.folder}.sound`, { recursive: true, force: true });
  await workspace.remove();
});

async function layArtifacts(): Promise<void> {
  const names: string[] = [];
  for (const hours of [49, 25, 13, 1])
    names.push(await workspace.storeStandIn(new Date(Date.now() - hours * 3_600_000), {}));
  const [withManifest = '', withMark = '', withDrill = '', sound = ''] = names;
  const mark = {
    format: 1 as const,
    name: withDrill,
    drilledAt: '2025-01-03T02:00:00Z',
    runId: 'd',
    plan: 'drill',
    manifestSha256: 'f'.repeat(64),
    recoveryMs: 1,
  };
  await workspace.write(join('repository', drillKey(withDrill)), renderDrillMark(mark));
  met.push(
    ...[manifestKey(withManifest), verificationKey(withMark), drillKey(withDrill)].map((key) =>
      join('repository', key),
    ),
  );
  artifacts = [withMark, withDrill, sound];
}

async function layDrills(): Promise<void> {
  const kept = await keptDrills();
  for (const [place, objects] of [
    ['state', kept.stateFolder.objects],
    ['repository', kept.repository.objects],
  ] as const)
    for (const [key, { bytes }] of objects) await layDown(join(place, key), bytes);
  const [oldest = '', middle = '', newest = ''] = kept.runs;
  met.push(
    ...[`${oldest}.json`, `${middle}.seal.json`, `${newest}.sign-off-1.json`].flatMap((name) =>
      ['state', 'repository'].map((place) => join(place, 'evidence', restorePlan, name)),
    ),
  );
  drills = [middle, newest];
}

async function layDown(path: string, bytes: Buffer): Promise<void> {
  await mkdir(join(workspace.folder, dirname(path)), { recursive: true });
  await writeFile(join(workspace.folder, path), bytes);
}

/** What is told on both outputs; an ended command tells no stack. */
async function told(...words: string[]): Promise<Told> {
  const ended = await workspace.run(words, variables);
  expect(ended.text).not.toMatch(/^\s+at .*\.(?:ts|js|cjs):\d+/m);
  return ended;
}

async function listEverything(): Promise<void> {
  const history = await told('history', 'nightly', '--repository', '--json');
  const runs = JSON.parse(history.stdout) as readonly { runId?: string; damaged?: unknown }[];
  expect(runs.filter(({ runId }) => runId !== undefined).length).toBeGreaterThan(0);
  // Two at least: a journal and a stored record.
  expect(runs.filter(({ damaged }) => damaged !== undefined).length).toBeGreaterThan(1);
  expect(history.stderr).toMatch(/warning: .*state\/runs\/nightly.*jsonl/);
  const listed = JSON.parse((await told('artifacts', '--json')).stdout) as readonly {
    name: string;
    state: string;
  }[];
  expect(listed.map(({ name }) => name)).toEqual(expect.arrayContaining([...artifacts]));
  expect(listed.filter(({ state }) => state === 'damaged')).toHaveLength(1);
  const report = await told('report', restorePlan);
  for (const drill of drills) expect(report.stdout).toContain(drill);
  expect(report.stderr).toContain(`warning: evidence/${restorePlan}/`);
  expect((await told('report', restorePlan, '--verify')).code).toBe(21);
  for (const words of [
    ['list'],
    ['list', '--json'],
    ['status'],
    ['timers', '--json'],
    ['metrics'],
    ['diff'],
    ['alerts', 'list'],
  ])
    expect([words, (await told(...words)).code]).toEqual([words, expect.toBeOneOf([0, 22])]);
}

async function restoreSound(): Promise<void> {
  await rm(workspace.folder, { recursive: true, force: true });
  await cp(`${workspace.folder}.sound`, workspace.folder, { recursive: true });
}

const wholes = damagedWholes('{"format":1,"name":"a","steps":[{"id":"a"}]}\n');

test.each(wholes.map(({ how, bytes }) => [how, bytes] as const))(
  'one document of each kind that is %s: every command tells the others, and the plan runs',
  async (_, bytes) => {
    await restoreSound();
    for (const path of met) await layDown(path, bytes);
    await listEverything();
    const run = await told('nightly');
    expect([run.code, run.text]).toEqual([0, expect.any(String)]);
    await listEverything();
  },
);

test('journals without steps, and a folder in the place of one, are named by history and by the next run', async () => {
  await restoreSound();
  const [journal = ''] = met.filter((path) => path.endsWith('.jsonl'));
  const text = await readFile(join(workspace.folder, journal), 'utf8');
  await layDown(
    journal,
    Buffer.from(text.replace(/"steps":\[.*?\]/, '"other":1').replace(/\n.*run-finished.*\n/, '\n')),
  );
  await mkdir(join(workspace.folder, dirname(journal), 'nightly-20250101T000000Z-0000.jsonl'));
  const history = await told('history', 'nightly');
  expect(history.code).toBe(0);
  expect(history.stderr).toMatch(/jsonl is not valid: must .* at line 1/);
  expect(history.stderr).toContain('0000.jsonl cannot be read: it is a folder, not a file');
  const run = await told('nightly');
  expect(run.code).toBe(0);
  expect(run.text).toMatch(/jsonl is not valid/);
});
