import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import type { RunningService } from './running-service.ts';
import type { PostgresService, S3Service } from './services.ts';

/**
 * MinIO's last image with a full server; `TEST_S3_IMAGE` names another one. `TEST_POSTGRES_IMAGE` does the same for
 * Postgres, which otherwise is of the same major as this host's pg_dump, because a dump needs a client that is not older.
 */
const minioImage = 'minio/minio:RELEASE.2025-09-07T16-13-09Z';
const newestMajor = 17;

export async function startContainerPostgres(): Promise<RunningService<PostgresService>> {
  const { PostgreSqlContainer } = await import('@testcontainers/postgresql');
  const image = process.env['TEST_POSTGRES_IMAGE'] ?? `postgres:${(await clientMajor()) ?? newestMajor}`;
  const container = await new PostgreSqlContainer(image)
    .withUsername('postgres')
    .withPassword(randomBytes(18).toString('base64url'))
    .withCommand(['postgres', '-c', 'fsync=off', '-c', 'max_connections=200'])
    .start();
  const shown = await container.exec(['postgres', '--version']);
  const major = majorOf(shown.output);
  if (major === undefined) throw new Error(`${image} has no Postgres version: ${shown.output}`);
  return {
    service: {
      host: container.getHost(),
      port: container.getPort(),
      user: container.getUsername(),
      password: container.getPassword(),
      major,
    },
    stop: async () => {
      await container.stop();
    },
  };
}

export async function startContainerS3(): Promise<RunningService<S3Service>> {
  const { GenericContainer, Wait } = await import('testcontainers');
  const accessKeyId = randomBytes(10).toString('hex').toUpperCase();
  const secretAccessKey = randomBytes(30).toString('base64url');
  const kmsKey = 'testkey-1';
  const container = await new GenericContainer(process.env['TEST_S3_IMAGE'] ?? minioImage)
    .withEnvironment({
      MINIO_ROOT_USER: accessKeyId,
      MINIO_ROOT_PASSWORD: secretAccessKey,
      MINIO_KMS_SECRET_KEY: `${kmsKey}:${randomBytes(32).toString('base64')}`,
    })
    .withCommand(['server', '/data'])
    .withExposedPorts(9000)
    .withWaitStrategy(Wait.forHttp('/minio/health/ready', 9000))
    .start();
  return {
    service: {
      endpoint: `http://${container.getHost()}:${container.getMappedPort(9000)}`,
      region: 'us-east-1',
      accessKeyId,
      secretAccessKey,
      kmsKey,
      flavour: 'minio',
    },
    stop: async () => {
      await container.stop();
    },
  };
}

async function clientMajor(): Promise<number | undefined> {
  const shown = await promisify(execFile)('pg_dump', ['--version']).catch(() => undefined);
  return shown === undefined ? undefined : majorOf(shown.stdout);
}

function majorOf(version: string): number | undefined {
  const major = /\(PostgreSQL\) (\d+)/.exec(version)?.[1];
  return major === undefined ? undefined : Number(major);
}
