import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startCluster, type Cluster } from '../../src/postgres/cluster.ts';
import { createBucket, emptyAndRemoveBucket } from '../services/bucket.ts';
import { startNativeS3 } from '../services/native-s3.ts';
import type { Services } from '../services/services.ts';

/** The servers that a benchmark runs against: its own, so that nothing else is measured. */
export interface Ground {
  readonly services: Services;
  readonly cluster: Cluster;
  readonly folder: string;
  /** For psql, pg_dump and aws, as a shell script of an operator has them. */
  readonly environment: Readonly<Record<string, string>>;
  /** Runs bash under pipefail. @throws Error with what it said */
  shell(script: string): Promise<string>;
  /** A new bucket, gone with everything in it after the action. */
  withBucket<Result>(action: (bucket: string) => Promise<Result>): Promise<Result>;
  close(): Promise<void>;
}

/** Starts a throw-away cluster and Ceph's gateway; both end with this process too. */
export async function openGround(): Promise<Ground> {
  const folder = await mkdtemp(join(tmpdir(), 'run-plan-bench-'));
  const cluster = await startCluster({
    tcp: true,
    settings: { shared_buffers: '512MB', maintenance_work_mem: '256MB' },
  });
  const s3 = await startNativeS3();
  const { port, user, password, major, socketFolder, binFolder } = cluster;
  const services: Services = {
    postgres: { way: 'native', host: '127.0.0.1', port, user, password, major },
    s3: s3.service,
  };
  const environment = {
    PATH: `${binFolder}:${process.env['PATH'] ?? ''}`,
    PGHOST: socketFolder,
    PGPORT: String(port),
    PGUSER: user,
    PGPASSWORD: password,
    AWS_ACCESS_KEY_ID: s3.service.accessKeyId,
    AWS_SECRET_ACCESS_KEY: s3.service.secretAccessKey,
    AWS_DEFAULT_REGION: s3.service.region,
    S3_ENDPOINT: s3.service.endpoint,
    HOME: folder,
  };
  return {
    services,
    cluster,
    folder,
    environment,
    shell: (script) => shell(script, folder, environment),
    withBucket: async (action) => {
      const bucket = await createBucket(services);
      try {
        return await action(bucket);
      } finally {
        await emptyAndRemoveBucket(services, bucket);
      }
    },
    close: async () => {
      await Promise.all([cluster.stop(), s3.stop()]);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function shell(
  script: string,
  cwd: string,
  environment: Readonly<Record<string, string>>,
): Promise<string> {
  const child = spawn('bash', ['-c', `set -euo pipefail\n${script}`], {
    cwd,
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (chunk: string) => (said += chunk));
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`exit ${String(code)}: ${script}\n${said}`);
  return said;
}
