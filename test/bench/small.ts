import { createWorkspace, postgresYaml, secretVariables, type Workspace } from '../e2e/workspace.ts';
import type { Ground } from './ground.ts';
import { measureStartUp, renderStartUp, type StartUp } from './start-up.ts';
import { median, megabytes, renderColumns } from './statistics.ts';

/** From a dump of a tenth of a second, where what run-plan takes besides is most of it, to one where it is nothing. */
const usualSizes = [20_000_000, 200_000_000, 2_000_000_000];
const tables = 203;
/** What a table takes without a row, and a new database without a table, bytes. */
const emptyTableBytes = 56 * 1024;
const emptyDatabaseBytes = 8_000_000;
const jobs = 2;

/** Times of one round, milliseconds. */
interface Round {
  readonly dumpBare: number;
  readonly dumpPiped: number;
  readonly dump: number;
  readonly verify: number;
  readonly backup: number;
  readonly restoreBare: number;
  readonly restore: number;
  readonly drill: number;
  readonly ephemeralBare: number;
  readonly ephemeral: number;
}

export interface SmallDatabase {
  readonly databaseBytes: number;
  readonly rounds: readonly Round[];
}

export interface SmallMeasurement {
  readonly startUp: readonly StartUp[];
  readonly databases: readonly SmallDatabase[];
}

/** What is measured, what it is held against in the same round, and what the ratio may be. */
const rows: readonly {
  readonly name: string;
  readonly part: keyof Round;
  readonly of: keyof Round;
  readonly target?: number;
}[] = [
  { name: 'pg_dump -Fc to a file', part: 'dumpBare', of: 'dumpBare' },
  { name: 'pg_dump -Fc -Z0 | zstd -1 to a file', part: 'dumpPiped', of: 'dumpBare' },
  { name: 'the dump step', part: 'dump', of: 'dumpBare', target: 1.9 },
  { name: 'the verify step', part: 'verify', of: 'dumpBare' },
  { name: 'the whole run of both', part: 'backup', of: 'dumpBare' },
  { name: `createdb, pg_restore -j${String(jobs)} of that file`, part: 'restoreBare', of: 'restoreBare' },
  { name: 'the restore step', part: 'restore', of: 'restoreBare', target: 1.3 },
  { name: 'the whole run of it, with comparison', part: 'drill', of: 'restoreBare' },
  { name: 'initdb, start, the same, stop', part: 'ephemeralBare', of: 'restoreBare' },
  { name: 'the whole run into a throw-away cluster', part: 'ephemeral', of: 'restoreBare' },
];

/**
 * Starts, dumps, reads back and restores where little is to be done, beside the bare programs in the same round. `bytes`:
 * a database of that size in place of the usual ones.
 */
export async function measureSmall(
  ground: Ground,
  bytes: number | undefined,
  rounds: number,
  say: (text: string) => void,
): Promise<SmallMeasurement> {
  const workspace = await createWorkspace();
  try {
    const databases: SmallDatabase[] = [];
    for (const size of bytes === undefined ? usualSizes : [bytes]) {
      const database = `small_${String(Math.round(size / 1e6))}`;
      say(`filling a database of about ${megabytes(size)} in ${String(tables)} tables`);
      await fill(ground, database, size);
      await writePlans(ground, workspace, database);
      const measured: Round[] = [];
      // The first warms the caches of all.
      for (let round = 0; round <= rounds; round += 1) {
        const times = await runRound(ground, workspace, database);
        if (round > 0) measured.push(times);
        say(`round ${String(round)} of ${String(rounds)}`);
      }
      const databaseBytes = Number(
        await ground.shell(`psql -XAtc "select pg_database_size('${database}')" -d ${database}`),
      );
      databases.push({ databaseBytes, rounds: measured });
      await ground.shell(`dropdb ${database}`);
    }
    return { startUp: measureStartUp(workspace.folder), databases };
  } finally {
    await workspace.remove();
  }
}

/** Tables of one size, of text that compresses like a company's, each with a key and an index. */
async function fill(ground: Ground, database: string, bytes: number): Promise<void> {
  // With what its two indexes take.
  const bytesPerRow = 280;
  const rowBytes = Math.max(0, bytes - emptyDatabaseBytes - tables * emptyTableBytes);
  const rowsPerTable = Math.max(1, Math.round(rowBytes / tables / bytesPerRow));
  await ground.shell(`createdb ${database}
psql -Xq -v ON_ERROR_STOP=1 -d ${database} <<'SQL'
do $$ begin
  for number in 1..${String(tables)} loop
    execute format('create table t%s (id int primary key, key text, note text, at timestamptz)', number);
    execute format($fill$
      insert into t%s select id, md5(id::text || %s), repeat(md5((id * 7)::text), 3), now() from generate_series(1, ${String(rowsPerTable)}) id
    $fill$, number, number);
    execute format('create index on t%s (key)', number);
  end loop;
end $$;
analyze;
checkpoint;
SQL`);
}

async function writePlans(ground: Ground, workspace: Workspace, database: string): Promise<void> {
  const host = { host: ground.cluster.socketFolder };
  await workspace.write(
    'plans/environments.yaml',
    `environments:
  prod:
    postgres: ${postgresYaml(ground.services, database, host)}
    repository: { folder: ${workspace.repositoryFolder} }
  scratch:
    postgres: ${postgresYaml(ground.services, 'postgres', host)}
  ephemeral: { postgres: { ephemeral: true } }
`,
  );
  await workspace.write(
    'plans/backup.yaml',
    `environment: prod
timeout: 1h
steps:
  - { id: dump, task: postgres-dump }
  - { id: verify, task: artifact-verify }
`,
  );
  await workspace.write(
    'plans/drill.yaml',
    `environment: scratch
timeout: 1h
steps:
  - id: restore
    task: postgres-restore
    with: { from: prod, database: "\${run.scratch}", jobs: ${String(jobs)}, same-server: true }
  - { task: restore-compare }
cleanup:
  - { task: postgres-drop }
`,
  );
  await workspace.write(
    'plans/ephemeral.yaml',
    `environment: ephemeral
timeout: 1h
steps:
  - { task: postgres-restore, with: { from: prod, jobs: ${String(jobs)} } }
  - { task: restore-compare }
`,
  );
}

/** A throw-away cluster as a script would make one, by the same user as run-plan's. */
const ephemeralBare = `data=$(mktemp -d); as=
[ "$(id -u)" != 0 ] || { as="runuser -u postgres --"; chown postgres "$data"; }
cd /
$as initdb -D "$data/data" -U postgres --no-sync --encoding=UTF8 --locale=C.UTF-8 >/dev/null 2>&1
$as pg_ctl -D "$data/data" -w -l "$data/log" -o "-p 5432 -k $data -c listen_addresses= -c fsync=off -c autovacuum=off" start >/dev/null
export PGHOST=$data PGPORT=5432 PGUSER=postgres
createdb -T template0 restored
pg_restore --no-owner --jobs=${String(jobs)} --dbname=restored "$OLDPWD/bare.dump"
$as pg_ctl -D "$data/data" -m immediate stop >/dev/null
rm -rf "$data"`;

async function runRound(ground: Ground, workspace: Workspace, database: string): Promise<Round> {
  const dumpBare = await timed(() => ground.shell(`pg_dump -Fc ${database} > bare.dump`));
  const dumpPiped = await timed(() =>
    ground.shell(`pg_dump -Fc -Z0 ${database} | zstd -1 -T0 -q > bare.dump.zst; rm bare.dump.zst`),
  );
  const backup = await timed(() => run(ground, workspace, 'backup'));
  const [dump, verify] = await durations(workspace, 'backup', ['dump', 'verify']);
  const restoreBare = await timed(() =>
    ground.shell(
      `createdb -T template0 restored; pg_restore --no-owner --jobs=${String(jobs)} --dbname=restored bare.dump`,
    ),
  );
  await ground.shell('dropdb restored');
  const drill = await timed(() => run(ground, workspace, 'drill'));
  const [restore] = await durations(workspace, 'drill', ['restore']);
  return {
    dumpBare,
    dumpPiped,
    dump: dump ?? Number.NaN,
    verify: verify ?? Number.NaN,
    backup,
    restoreBare,
    restore: restore ?? Number.NaN,
    drill,
    ephemeralBare: await timed(() => ground.shell(ephemeralBare)),
    ephemeral: await timed(() => run(ground, workspace, 'ephemeral')),
  };
}

async function timed(action: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await action();
  return performance.now() - startedAt;
}

async function run(ground: Ground, workspace: Workspace, plan: string): Promise<void> {
  const told = await workspace.run([plan], secretVariables(ground.services));
  if (told.code !== 0) throw new Error(`run-plan ${plan}: exit ${String(told.code)}\n${told.text}`);
}

/** What steps of a plan's newest run took by its journal, milliseconds. */
async function durations(
  workspace: Workspace,
  plan: string,
  steps: readonly string[],
): Promise<readonly number[]> {
  const events = (await workspace.journals(plan)).at(-1) ?? [];
  return steps.map((step) => {
    const finished = events.find((event) => event['type'] === 'step-finished' && event['step'] === step);
    const durationMs = finished?.['durationMs'];
    if (typeof durationMs !== 'number') throw new Error(`the journal has no duration of the step ${step}`);
    return durationMs;
  });
}

export function renderSmall({ startUp, databases }: SmallMeasurement): string {
  const tablesOf = databases.map(({ databaseBytes, rounds }) =>
    renderColumns([
      [`${megabytes(databaseBytes)} in ${String(tables)} tables`, 'median', 'of the bare program', 'target'],
      ...rows.map(({ name, part, of, target }) => [
        name,
        `${median(rounds.map((round) => round[part])).toFixed(0)} ms`,
        median(rounds.map((round) => round[part] / round[of])).toFixed(2),
        target === undefined ? '' : `at most ${target.toFixed(1)}`,
      ]),
    ]),
  );
  return [renderStartUp(startUp), ...tablesOf].join('\n\n');
}
