import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { Agent, get } from 'node:https';
import {
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { s3Client } from '../services/bucket.ts';
import { createDatabase, dropDatabase, type TestDatabase } from '../services/database.ts';
import { startGateway, type Gateway } from '../services/gateway.ts';
import type { RunningService } from '../services/running-service.ts';
import type { Services } from '../services/services.ts';
import { until } from '../fixtures/until.ts';
import { createWorkspace, nightlyPlan, postgresYaml, secretVariables, type Workspace } from './workspace.ts';

/**
 * Only Ceph's gateway can be told how long a day of a lifecycle rule lasts. Three seconds: with one it begins its next pass
 * before the last is over, and passes over rules of tags.
 */
const shared = inject('services');

let gateway: RunningService<Gateway>;
let services: Services;
let client: S3Client;
let workspace: Workspace;
let database: TestDatabase;
let variables: Record<string, string>;
let secure: { readonly endpoint: string; readonly certificate: string };

beforeAll(async () => {
  gateway = await startGateway(shared, { lifecycleDaySeconds: 3, tls: true });
  services = { ...shared, s3: gateway.service };
  if (gateway.service.secure === undefined) throw new Error('this gateway was to speak TLS');
  secure = gateway.service.secure;
  client = s3Client(services);
  workspace = await createWorkspace();
  database = await createDatabase(services);
  await database.query('create table bookings (id int primary key); insert into bookings values (1), (2)');
  variables = { ...secretVariables(services), NODE_EXTRA_CA_CERTS: secure.certificate };
  await workspace.write(
    'plans/environments.yaml',
    `environments:
  prod:
    protected: true
    postgres: ${postgresYaml(services, database.name)}
    repository:
      s3: { bucket: backups, prefix: prod, region: us-east-1, endpoint: "${secure.endpoint}", force-path-style: true }
buckets:
  backups:
    create: true
    versioning: true
    policy: { deny-plain-http: true }
    object-lock: { mode: governance, for: 1d }
  # Ceph 16 was not seen to abort uploads of a bucket that has other rules too.
  unfinished:
    create: true
    region: us-east-1
    endpoint: "${services.s3.endpoint}"
    force-path-style: true
    lifecycle: [{ id: parts, prefix: parts/, abort-incomplete-uploads-after: 1d }]
  acting:
    create: true
    region: us-east-1
    endpoint: "${services.s3.endpoint}"
    force-path-style: true
    versioning: true
    lifecycle:
      - { id: moves, prefix: moves/, transition: [{ after: 1d, to: STANDARD_IA }] }
      - { id: cold, prefix: cold/, transition: [{ after: 1d, to: GLACIER }] }
      - { id: tagged, prefix: tagged/, tags: { tier: daily }, expire-after: 1d }
      - { id: old, prefix: old/, noncurrent: { expire-after: 1d }, expire-delete-markers: true }
      - { id: old-moves, prefix: kept/, noncurrent: { transition: [{ after: 1d, to: GLACIER }] } }
`,
  );
  await workspace.write('plans/nightly-prod.yaml', nightlyPlan);
});

afterAll(async () => {
  client.destroy();
  await dropDatabase(services, database);
  await workspace.remove();
  await gateway.stop();
});

async function put(Key: string, tier?: string): Promise<void> {
  await client.send(
    new PutObjectCommand({
      Bucket: 'acting',
      Key,
      Body: 'x',
      ...(tier !== undefined && { Tagging: `tier=${tier}` }),
    }),
  );
}

async function versionsOf(Prefix: string) {
  const page = await client.send(new ListObjectVersionsCommand({ Bucket: 'acting', Prefix }));
  return {
    current: (page.Versions ?? []).filter(({ IsLatest }) => IsLatest === true),
    noncurrent: (page.Versions ?? []).filter(({ IsLatest }) => IsLatest !== true),
    markers: page.DeleteMarkers ?? [],
  };
}

test('every kind of rule is applied by the command line and seen to act, on what it is about alone', async () => {
  const shown = await workspace.run(['diff', 'acting'], variables);
  expect(shown.code, shown.text).toBe(22);
  expect(shown.stdout).toMatch(/\+ +bucket +absent +present +it will be made/);
  const unconfirmed = await workspace.run(['apply', 'acting'], variables);
  expect(unconfirmed.code, unconfirmed.text).toBe(2);
  for (const bucket of ['unfinished', 'acting']) {
    const applied = await workspace.run(['apply', bucket, '--yes'], variables);
    expect(applied.code, applied.text).toBe(0);
    expect((await workspace.run(['diff', bucket], variables)).code).toBe(0);
  }

  for (const key of ['moves/a', 'cold/a', 'old/a', 'old/a', 'old/gone', 'kept/a', 'kept/a', 'other/a'])
    await put(key);
  await put('tagged/daily', 'daily');
  await put('tagged/weekly', 'weekly');
  await client.send(new DeleteObjectCommand({ Bucket: 'acting', Key: 'old/gone' }));
  for (const Key of ['parts/a', 'other/b'])
    await client.send(new CreateMultipartUploadCommand({ Bucket: 'unfinished', Key }));

  const uploads = async (): Promise<unknown[]> =>
    ((await client.send(new ListMultipartUploadsCommand({ Bucket: 'unfinished' }))).Uploads ?? []).map(
      ({ Key }) => Key,
    );
  const classOf = async (prefix: string): Promise<string | undefined> =>
    (await versionsOf(prefix)).current[0]?.StorageClass;
  await until('unfinished uploads are aborted', async () => !(await uploads()).includes('parts/a'), 90_000);
  await until('objects move to STANDARD_IA', async () => (await classOf('moves/')) === 'STANDARD_IA', 90_000);
  await until('objects move to GLACIER', async () => (await classOf('cold/')) === 'GLACIER', 90_000);
  await until(
    'objects of the tag expire',
    async () => (await versionsOf('tagged/daily')).current.length === 0,
    90_000,
  );
  await until(
    'noncurrent versions expire',
    async () => (await versionsOf('old/')).noncurrent.length === 0,
    90_000,
  );
  await until(
    'delete markers expire',
    async () => (await versionsOf('old/gone')).markers.length === 0,
    90_000,
  );
  await until(
    'noncurrent versions move',
    async () => String((await versionsOf('kept/')).noncurrent[0]?.StorageClass) === 'GLACIER',
    90_000,
  );
  expect(await uploads()).toEqual(['other/b']);
  expect(await classOf('other/')).toBe('STANDARD');
  expect(await classOf('kept/')).toBe('STANDARD');
  expect((await versionsOf('old/a')).current).toHaveLength(1);
  expect((await versionsOf('tagged/weekly')).current).toHaveLength(1);
  const history = await workspace.run(['history', 'apply', '--json'], variables);
  expect(JSON.parse(history.stdout)).toMatchObject([
    { outcome: 'succeeded', steps: [{ id: 'acting' }] },
    { outcome: 'succeeded', steps: [{ id: 'unfinished' }] },
  ]);
});

test('artifacts under lock survive whoever tries to delete them; plain text and strangers are refused', async () => {
  const unnamed = await workspace.run(['apply', 'backups', '--yes'], variables);
  expect(unnamed.code, unnamed.text).toBe(2);
  expect(unnamed.text).toContain('--yes prod');
  const applied = await workspace.run(['apply', 'backups', '--yes', 'prod'], variables);
  expect(applied.code, applied.text).toBe(0);
  expect((await workspace.run(['diff', 'backups'], variables)).code).toBe(0);
  const nightly = await workspace.run(['nightly-prod'], variables);
  expect(nightly.code, nightly.text).toBe(0);

  // Plain text is refused to the bucket's own user as well; the same request over TLS is answered.
  await expect(client.send(new ListObjectVersionsCommand({ Bucket: 'backups' }))).rejects.toMatchObject({
    name: 'AccessDenied',
  });
  const listed = await workspace.run(['artifacts', '--json'], variables);
  const [artifact] = JSON.parse(listed.stdout) as { readonly name: string; readonly state: string }[];
  expect(artifact?.state).toBe('verified');

  const ca = await readFile(secure.certificate);
  const overTls = new S3Client({
    endpoint: secure.endpoint,
    region: services.s3.region,
    credentials: { accessKeyId: services.s3.accessKeyId, secretAccessKey: services.s3.secretAccessKey },
    forcePathStyle: true,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    requestHandler: { httpsAgent: new Agent({ ca }) },
  });
  try {
    const { Versions = [] } = await overTls.send(new ListObjectVersionsCommand({ Bucket: 'backups' }));
    expect(Versions.length).toBeGreaterThan(3);
    for (const { Key } of Versions) await overTls.send(new DeleteObjectCommand({ Bucket: 'backups', Key }));
    expect((await overTls.send(new ListObjectsV2Command({ Bucket: 'backups' }))).KeyCount).toBe(0);
    for (const { Key, VersionId } of Versions) {
      await expect(
        overTls.send(new DeleteObjectCommand({ Bucket: 'backups', Key, VersionId })),
      ).rejects.toMatchObject({ name: 'AccessDenied' });
    }
    const left = await overTls.send(new ListObjectVersionsCommand({ Bucket: 'backups' }));
    expect(left.Versions?.map(({ ETag }) => ETag).sort()).toEqual(Versions.map(({ ETag }) => ETag).sort());
    for (const { Key, VersionId } of left.DeleteMarkers ?? [])
      await overTls.send(new DeleteObjectCommand({ Bucket: 'backups', Key, VersionId }));
    expect(await anonymousStatus(`${secure.endpoint}/backups/${Versions[0]?.Key ?? ''}`, ca)).toBe(403);
  } finally {
    overTls.destroy();
  }
  const after = await workspace.run(['artifacts', '--json'], variables);
  expect(JSON.parse(after.stdout), after.text).toMatchObject([{ name: artifact?.name, state: 'verified' }]);
});

async function anonymousStatus(url: string, ca: Buffer): Promise<number | undefined> {
  const [answer] = (await once(get(url, { ca, agent: false }), 'response')) as [IncomingMessage];
  answer.resume();
  return answer.statusCode;
}
