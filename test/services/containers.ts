import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { StartedTestContainer } from 'testcontainers';
import { throwAwaySettings } from '../../src/postgres/cluster.ts';
import { addressOf, startContainer } from './engine.ts';
import type { Gateway, GatewayOptions } from './gateway.ts';
import { majorOf, type S3Images } from './images.ts';
import type { RunningService } from './running-service.ts';
import type { PostgresService, S3Service } from './services.ts';

const kmsKey = 'testkey-1';

/** A server as `startNativePostgres` makes one: with its settings, its locale and its superuser. */
export async function startContainerPostgres(image: string): Promise<RunningService<PostgresService>> {
  const { PostgreSqlContainer } = await import('@testcontainers/postgresql');
  const user = 'postgres';
  const password = randomBytes(18).toString('base64url');
  const settings = Object.entries({ ...throwAwaySettings, max_connections: '200' });
  const container = await startContainer(
    new PostgreSqlContainer(image)
      .withDatabase('postgres')
      .withUsername(user)
      .withPassword(password)
      .withEnvironment({ POSTGRES_INITDB_ARGS: '--encoding=UTF8 --locale=C.UTF-8 --no-sync' })
      .withCommand(['postgres', ...settings.flatMap(([name, value]) => ['-c', `${name}=${value}`])]),
  );
  const shown = await container.exec(['postgres', '--version']);
  const major = majorOf(shown.output);
  if (major === undefined) throw new Error(`${image} has no Postgres version: ${shown.output}`);
  const { host, port } = await addressOf(container, 5432);
  return running(container, { way: 'containers', image, host, port, user, password, major });
}

export async function startContainerS3({ s3, gateway }: S3Images): Promise<RunningService<S3Service>> {
  return s3.isLocal ? startContainerGateway(s3.name) : startMinio(s3.name, gateway.name);
}

/** Ceph's gateway of a local image, to a test's measure. */
export async function startContainerGateway(
  image: string,
  { lifecycleDaySeconds = 0, tls = false }: GatewayOptions = {},
): Promise<RunningService<Gateway>> {
  const { GenericContainer, Wait } = await import('testcontainers');
  const keys = makeKeys();
  const container = await startContainer(
    new GenericContainer(image)
      .withEnvironment({
        S3_ACCESS_KEY: keys.accessKeyId,
        S3_SECRET_KEY: keys.secretAccessKey,
        S3_KMS_KEY: kmsKey,
        LC_DAY: String(lifecycleDaySeconds),
        ...(tls && { TLS_PORT: '9443' }),
      })
      .withExposedPorts(9000, ...(tls ? [9443] : []))
      .withWaitStrategy(Wait.forLogMessage('ready')),
  );
  const service: S3Service = {
    way: 'containers',
    gatewayImage: image,
    endpoint: await endpointOf(container, 'http', 9000),
    region: 'us-east-1',
    ...keys,
    kmsKey,
    flavour: 'ceph',
  };
  if (!tls) return running(container, service);
  const folder = await mkdtemp(join(tmpdir(), 'run-plan-s3-'));
  const certificate = join(folder, 'tls.crt');
  await writeFile(certificate, (await container.exec(['cat', '/srv/s3/tls.crt'])).stdout);
  const secure = { endpoint: await endpointOf(container, 'https', 9443), certificate };
  return running(container, { ...service, secure }, () => rm(folder, { recursive: true }));
}

async function startMinio(image: string, gatewayImage: string): Promise<RunningService<S3Service>> {
  const { GenericContainer, Wait } = await import('testcontainers');
  const keys = makeKeys();
  const container = await startContainer(
    new GenericContainer(image)
      .withEnvironment({
        MINIO_ROOT_USER: keys.accessKeyId,
        MINIO_ROOT_PASSWORD: keys.secretAccessKey,
        MINIO_KMS_SECRET_KEY: `${kmsKey}:${randomBytes(32).toString('base64')}`,
      })
      .withCommand(['server', '/data'])
      .withExposedPorts(9000)
      .withWaitStrategy(Wait.forHttp('/minio/health/ready', 9000)),
  );
  const endpoint = await endpointOf(container, 'http', 9000);
  return running(container, {
    way: 'containers',
    gatewayImage,
    endpoint,
    region: 'us-east-1',
    ...keys,
    kmsKey,
    flavour: 'minio',
  });
}

async function endpointOf(container: StartedTestContainer, scheme: string, port: number): Promise<string> {
  const address = await addressOf(container, port);
  return `${scheme}://${address.host}:${address.port}`;
}

function makeKeys(): Pick<S3Service, 'accessKeyId' | 'secretAccessKey'> {
  return {
    accessKeyId: randomBytes(10).toString('hex').toUpperCase(),
    secretAccessKey: randomBytes(30).toString('base64url'),
  };
}

function running<Service>(
  container: StartedTestContainer,
  service: Service,
  afterwards?: () => Promise<void>,
): RunningService<Service> {
  return {
    service,
    stop: async () => {
      await container.stop();
      await afterwards?.();
    },
  };
}
