import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Cluster } from '../../src/postgres/cluster.ts';
import type { RestoreFacts } from '../../src/language/facts.ts';
import { secretVariables, type Workspace } from '../e2e/workspace.ts';
import type { Ground } from './ground.ts';

/** Where restores are measured: a source that was dumped in every form, and a durable server to restore into. */
export interface RestoreGround {
  readonly ground: Ground;
  readonly target: Cluster;
  readonly bucket: string;
  readonly workspace: Workspace;
}

/** One timed restore. */
export interface Restored {
  readonly durationMs: number;
  readonly phases?: RestoreFacts['phases'];
  /** The most that lay in the runner's own folders, bytes. */
  readonly scratchBytes?: number;
}

/** One way to bring the same database back. */
export interface RestoreContestant {
  readonly name: string;
  readonly how: string;
  /** pg_restore with everything already there: what no way can be faster than. */
  readonly isLimit?: true;
  /** What its time may be of the limit's. */
  readonly target?: number;
  run(ground: RestoreGround): Promise<Restored>;
}

const jobs = 2;
/** What every way ends with: a database without statistics is not ready. */
const analyze = `vacuumdb --analyze-only --quiet --jobs=${String(jobs)} --dbname=restored`;

export const restoreContestants: readonly RestoreContestant[] = [
  runPlan('run-plan directory', 'the restore step of a plan, from S3', 'directory', 'durable', 1.1),
  runPlan('run-plan custom', 'the same, format custom', 'custom', 'durable'),
  script(
    'download, restore',
    'aws s3 cp, pg_restore -j',
    `aws --endpoint-url "$S3_ENDPOINT" s3 cp --only-show-errors "s3://$BUCKET/classical/usual.dump" usual.dump
pg_restore --no-owner --no-privileges --jobs=${String(jobs)} --dbname=restored usual.dump
${analyze}
rm usual.dump`,
  ),
  script(
    'pipe to restore',
    'aws s3 cp - | zstd -d | pg_restore',
    `aws --endpoint-url "$S3_ENDPOINT" s3 cp --only-show-errors "s3://$BUCKET/classical/piped.dump.zst" - | zstd -dcq | pg_restore --no-owner --no-privileges --dbname=restored
${analyze}`,
  ),
  {
    ...script(
      'limit',
      'pg_restore -j of a decompressed local copy',
      `pg_restore --no-owner --no-privileges --jobs=${String(jobs)} --dbname=restored plain.dump
${analyze}`,
    ),
    isLimit: true,
  },
  script(
    'limit beside a download',
    'the same, while aws s3 cp - | zstd -d runs beside it for nothing: what hiding both costs on these processors',
    `{ aws --endpoint-url "$S3_ENDPOINT" s3 cp --only-show-errors "s3://$BUCKET/classical/piped.dump.zst" - | zstd -dcq >/dev/null; } &
pg_restore --no-owner --no-privileges --jobs=${String(jobs)} --dbname=restored plain.dump
wait
${analyze}`,
  ),
  runPlan(
    'run-plan ephemeral',
    'format directory into a throw-away cluster, its start included',
    'directory',
    'ephemeral',
    1.1,
  ),
];

function runPlan(
  name: string,
  how: string,
  format: 'custom' | 'directory',
  environment: 'durable' | 'ephemeral',
  target?: number,
): RestoreContestant {
  return {
    name,
    how,
    ...(target !== undefined && { target }),
    run: async ({ ground, workspace }) => {
      await workspace.write(
        `plans/restore-${environment}-${format}.yaml`,
        `environment: ${environment}
timeout: 1h
steps:
  - { task: postgres-restore, with: { from: ${format}, database: "\${run.scratch}", jobs: ${String(jobs)} } }
  - { task: restore-compare }
cleanup:
  - { task: postgres-drop }
`,
      );
      const command = workspace.start([`restore-${environment}-${format}`], secretVariables(ground.services));
      const [told, scratchBytes] = await Promise.all([
        command.ended,
        largestFolder(join(workspace.folder, 'state', 'tmp'), command.ended),
      ]);
      if (told.code !== 0) throw new Error(`exit ${String(told.code)}\n${told.text}`);
      const events = (await workspace.journals(`restore-${environment}-${format}`)).at(-1) ?? [];
      const finished = events.find(
        (event) => event['type'] === 'step-finished' && event['step'] === 'postgres-restore',
      ) as { readonly durationMs: number; readonly facts: { readonly restore: RestoreFacts } } | undefined;
      if (finished === undefined) throw new Error('the journal has no end of the restore step');
      return { durationMs: finished.durationMs, phases: finished.facts.restore.phases, scratchBytes };
    },
  };
}

/** The usual commands, into a database made for them on the same server. */
function script(name: string, how: string, text: string): RestoreContestant {
  return {
    name,
    how,
    run: async ({ ground, target, bucket }) => {
      const environment = `export PGHOST=${target.socketFolder} PGPORT=${String(target.port)} PGUSER=${target.user}
BUCKET=${bucket}`;
      await ground.shell(`${environment}\ncreatedb -T template0 restored`);
      const startedAt = performance.now();
      await ground.shell(`${environment}\n${text}`);
      const durationMs = performance.now() - startedAt;
      await ground.shell(`${environment}\ndropdb restored`);
      return { durationMs };
    },
  };
}

/** The phases of a restore in a few words. */
export function readRestore({ phases = [] }: Restored): string {
  return phases
    .filter(({ durationMs }) => durationMs >= 100)
    .map(({ name, durationMs }) => `${name} ${(durationMs / 1000).toFixed(1)} s`)
    .join(', ');
}

const sampleEveryMs = 100;

/** The most that a folder held while something ran, bytes on disk: FIFOs and empty files count for nothing. */
async function largestFolder(folder: string, ended: Promise<unknown>): Promise<number> {
  const over = ended.then(() => true);
  let largest = 0;
  for (;;) {
    largest = Math.max(largest, await diskUsage(folder));
    if (await Promise.race([over, delay(sampleEveryMs, false)])) return largest;
  }
}

async function diskUsage(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true }).catch(() => []);
  const sizes = await Promise.all(
    entries.map((entry) =>
      stat(join(folder, entry)).then(
        (found) => (found.isFile() ? found.blocks * 512 : 0),
        () => 0,
      ),
    ),
  );
  return sizes.reduce((sum, bytes) => sum + bytes, 0);
}
