import { createWorkspace, postgresYaml, s3Yaml, secretVariables } from '../e2e/workspace.ts';
import type { Ground } from './ground.ts';
import { peakMemory } from './peak-memory.ts';

export const benchDatabase = 'cleaning';

/** One timed backup. */
export interface Measured {
  readonly durationMs: number;
  /** Peak of the Node process, where there is one; bytes. */
  readonly peakBytes?: number;
}

/** One way to back the same database up. */
export interface Contestant {
  readonly name: string;
  readonly how: string;
  run(ground: Ground, database: string): Promise<Measured>;
}

export const contestants: readonly Contestant[] = [
  { name: 'run-plan', how: 'the dump step of a plan, from its record', run: measureRunPlan },
  script(
    'usual script',
    'pg_dump -Fc, sha256sum, aws s3 cp',
    `pg_dump -Fc "$DATABASE" > artifact.dump
sha256sum artifact.dump > artifact.dump.sha256
aws --endpoint-url "$S3_ENDPOINT" s3 cp --only-show-errors artifact.dump "s3://$BUCKET/artifact.dump"
aws --endpoint-url "$S3_ENDPOINT" s3 cp --only-show-errors artifact.dump.sha256 "s3://$BUCKET/artifact.dump.sha256"
rm artifact.dump artifact.dump.sha256`,
  ),
  script(
    'pipe to aws',
    'pg_dump -Fc -Z0 | zstd -T0 | aws s3 cp -',
    `pg_dump -Fc -Z0 "$DATABASE" | zstd -T0 -q | aws --endpoint-url "$S3_ENDPOINT" s3 cp --only-show-errors - "s3://$BUCKET/artifact.dump.zst"`,
  ),
  script(
    'pipe to null',
    'pg_dump -Fc -Z0 | zstd -T0 > /dev/null',
    'pg_dump -Fc -Z0 "$DATABASE" | zstd -T0 -q > /dev/null',
  ),
];

/** What run-plan's dump step may take of each other way's time: the project's targets. */
export const targets: Readonly<Record<string, number>> = {
  'usual script': 0.3,
  'pipe to aws': 1,
  'pipe to null': 1.2,
};

function script(name: string, how: string, text: string): Contestant {
  return {
    name,
    how,
    run: (ground, database) =>
      ground.withBucket(async (bucket) => {
        const startedAt = performance.now();
        await ground.shell(`DATABASE=${database} BUCKET=${bucket}\n${text}`);
        return { durationMs: performance.now() - startedAt };
      }),
  };
}

/** The real command line with the smallest plan that the rules allow; the time is the dump step's own. */
export async function measureRunPlan(ground: Ground, database: string): Promise<Measured> {
  const workspace = await createWorkspace();
  try {
    return await ground.withBucket(async (bucket) => {
      await workspace.write(
        'plans/environments.yaml',
        `environments:
  prod:
    postgres: ${postgresYaml(ground.services, database, { host: ground.cluster.socketFolder })}
    repository: { s3: ${s3Yaml(ground.services, bucket)} }
`,
      );
      await workspace.write('plans/backup.yaml', plan);
      const command = workspace.start(['backup'], secretVariables(ground.services));
      const [told, peakBytes] = await Promise.all([command.ended, peakMemory(command.process)]);
      if (told.code !== 0) throw new Error(`run-plan backup: exit ${String(told.code)}\n${told.text}`);
      return { durationMs: await dumpDuration(workspace), peakBytes };
    });
  } finally {
    await workspace.remove();
  }
}

const plan = `description: The benchmark's backup
environment: prod
timeout: 1h
steps:
  - { id: dump, task: postgres-dump }
  - { id: verify, task: artifact-verify }
`;

async function dumpDuration(workspace: Awaited<ReturnType<typeof createWorkspace>>): Promise<number> {
  const events = (await workspace.journals('backup')).flat();
  const finished = events.find((event) => event['type'] === 'step-finished' && event['step'] === 'dump');
  const durationMs = finished?.['durationMs'];
  if (typeof durationMs !== 'number') throw new Error('the journal has no duration of the dump step');
  return durationMs;
}
