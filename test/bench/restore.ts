import { fileURLToPath } from 'node:url';
import { startCluster, type Cluster } from '../../src/postgres/cluster.ts';
import { createWorkspace, postgresYaml, s3Yaml, secretVariables, type Workspace } from '../e2e/workspace.ts';
import { benchDatabase } from './contestants.ts';
import type { Ground } from './ground.ts';
import {
  readRestore,
  restoreContestants,
  type RestoreContestant,
  type RestoreGround,
  type Restored,
} from './restore-contestants.ts';
import { median, megabytes, renderColumns, seconds } from './statistics.ts';

const seedFile = fileURLToPath(new URL('../../src/demo/seed.sql', import.meta.url));

export interface RestoreResult {
  readonly name: string;
  readonly how: string;
  readonly rounds: readonly Restored[];
  readonly medianMs: number;
  /** This way's median over that of the limit, and what it should be at most. */
  readonly ofLimit: number;
  readonly target?: number;
}

export interface RestoreMeasurement {
  readonly databaseBytes: number;
  readonly results: readonly RestoreResult[];
}

/** A server as an operator runs it, beside the throw-away ones: what a commit says is on the disk. */
const durable = {
  fsync: 'on',
  synchronous_commit: 'on',
  full_page_writes: 'on',
  wal_level: 'replica',
  max_wal_senders: '10',
  max_wal_size: '4GB',
  shared_buffers: '512MB',
  autovacuum: 'on',
} as const;

/**
 * Dumps one database in every form, and lets every way bring it back once a round, each round starting with another
 * one: from S3 to a database with indexes, constraints and statistics.
 */
export async function measureRestore(
  ground: Ground,
  bytes: number,
  rounds: number,
  say: (text: string) => void,
): Promise<RestoreMeasurement> {
  say(`filling a database of about ${megabytes(bytes)}`);
  await ground.shell(
    `psql -XAtc "select 1 from pg_database where datname = '${benchDatabase}'" -d postgres | grep -q 1 || { createdb ${benchDatabase}; psql -Xq -1 -d ${benchDatabase} -v size=${Math.max(1, Math.round(bytes / 1e6))} -f '${seedFile}'; }; psql -Xqc checkpoint -d ${benchDatabase}`,
  );
  const size = await ground.shell(
    `psql -XAtc "select pg_database_size('${benchDatabase}')" -d ${benchDatabase}`,
  );
  const target = await startCluster({ tcp: true, settings: durable });
  try {
    return await ground.withBucket(async (bucket) => {
      const workspace = await dumpAll(ground, target, bucket, say);
      try {
        const results = await runRounds({ ground, target, bucket, workspace }, rounds, say);
        return { databaseBytes: Number(size), results };
      } finally {
        await workspace.remove();
      }
    });
  } finally {
    await target.stop();
  }
}

async function dumpAll(
  ground: Ground,
  target: Cluster,
  bucket: string,
  say: (text: string) => void,
): Promise<Workspace> {
  const workspace = await createWorkspace();
  const source = postgresYaml(ground.services, benchDatabase, { host: ground.cluster.socketFolder });
  const repository = (format: string): string =>
    `{ s3: ${s3Yaml(ground.services, bucket).replace('prefix: prod', `prefix: ${format}`)} }`;
  await workspace.write(
    'plans/environments.yaml',
    `environments:
  custom: { postgres: ${source}, repository: ${repository('custom')} }
  directory: { postgres: ${source}, repository: ${repository('directory')} }
  durable:
    postgres: { host: ${target.socketFolder}, port: ${String(target.port)}, database: postgres, user: ${target.user} }
  ephemeral: { postgres: { ephemeral: true } }
`,
  );
  for (const format of ['custom', 'directory']) {
    say(`dumping, format ${format}`);
    await workspace.write(
      `plans/dump-${format}.yaml`,
      `environment: ${format}
timeout: 1h
steps:
  - { task: postgres-dump, with: { format: ${format} } }
  - { task: artifact-verify }
`,
    );
    const told = await workspace.run([`dump-${format}`], secretVariables(ground.services));
    if (told.code !== 0) throw new Error(told.text);
  }
  say("dumping as a script would: pg_dump's own compression, and zstd");
  await ground.shell(`pg_dump -Fc ${benchDatabase} > usual.dump
pg_dump -Fc -Z0 ${benchDatabase} > plain.dump
zstd -q -T0 -3 -k plain.dump -o piped.dump.zst
for file in usual.dump piped.dump.zst; do
  aws --endpoint-url "$S3_ENDPOINT" s3 cp --only-show-errors "$file" "s3://${bucket}/classical/$file"
  rm "$file"
done`);
  return workspace;
}

async function runRounds(
  ground: RestoreGround,
  rounds: number,
  say: (text: string) => void,
): Promise<RestoreResult[]> {
  const measured = new Map(restoreContestants.map(({ name }) => [name, [] as Restored[]]));
  // The first to write to a new server makes its log files; the others use them again.
  await restoreContestants.find(({ isLimit }) => isLimit === true)?.run(ground);
  for (let round = 0; round < rounds; round += 1) {
    const order = restoreContestants.map(
      (_, index) => restoreContestants[(index + round) % restoreContestants.length],
    );
    for (const contestant of order) {
      if (contestant === undefined) continue;
      const result = await contestant.run(ground);
      measured.get(contestant.name)?.push(result);
      say(
        `round ${round + 1} of ${rounds}: ${contestant.name}: ${seconds(result.durationMs)} ${readRestore(result)}`,
      );
    }
  }
  const medianOf = ({ name }: RestoreContestant): number =>
    median((measured.get(name) ?? []).map(({ durationMs }) => durationMs));
  const limit = restoreContestants.find(({ isLimit }) => isLimit === true);
  if (limit === undefined) throw new Error('no contestant is the limit');
  return restoreContestants.map((contestant) => ({
    name: contestant.name,
    how: contestant.how,
    rounds: measured.get(contestant.name) ?? [],
    medianMs: medianOf(contestant),
    ofLimit: medianOf(contestant) / medianOf(limit),
    ...(contestant.target !== undefined && { target: contestant.target }),
  }));
}

export function renderRestore({ databaseBytes, results }: RestoreMeasurement): string {
  const rows = results.map(({ name, how, medianMs, ofLimit, target, rounds }) => {
    const scratch = Math.max(0, ...rounds.map(({ scratchBytes }) => scratchBytes ?? 0));
    return [
      `${name} (${how})`,
      seconds(medianMs),
      ofLimit.toFixed(2),
      target === undefined ? '' : `at most ${target.toFixed(1)}`,
      rounds.some(({ scratchBytes }) => scratchBytes !== undefined) ? megabytes(scratch) : '',
      rounds[0] === undefined ? '' : readRestore(rounds[0]),
    ];
  });
  return renderColumns([
    [
      `restore of ${megabytes(databaseBytes)}`,
      'median',
      'of the limit',
      'target',
      'scratch disk',
      'where the time goes',
    ],
    ...rows,
  ]);
}
