import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { HeadBucketCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { expect, inject, onTestFinished, test } from 'vitest';
import { createBucket, emptyAndRemoveBucket, s3Client } from '../../services/bucket.ts';
import { startContainerPostgres } from '../../services/containers.ts';
import { createDatabase, dropDatabase } from '../../services/database.ts';
import { openEngine, sweep } from '../../services/engine.ts';

const services = inject('services');

test('a test has a database of its own', async () => {
  const database = await createDatabase(services, 'odd "name" – ü');
  try {
    const rows = await database.query<{ name: string }>('select 1; select current_database() as name');
    expect(rows).toEqual([{ name: 'odd "name" – ü' }]);
    expect(await database.query('select $1::int + 1 as sum', [2])).toEqual([{ sum: 3 }]);
  } finally {
    await dropDatabase(services, database);
  }
  await expect(database.query('select 1')).rejects.toThrow('does not exist');
});

test('a test has a bucket of its own, removed with all its versions', async () => {
  const bucket = await createBucket(services, { versioning: true });
  const client = s3Client(services);
  try {
    await client.send(new PutObjectCommand({ Bucket: bucket, Key: 'a', Body: 'one' }));
    const second = await client.send(new PutObjectCommand({ Bucket: bucket, Key: 'a', Body: 'two' }));
    expect(second.VersionId).toBeTruthy();
    await emptyAndRemoveBucket(services, bucket);
    await expect(client.send(new HeadBucketCommand({ Bucket: bucket }))).rejects.toMatchObject({
      name: 'NotFound',
    });
  } finally {
    client.destroy();
  }
});

const { image } = services.postgres;

/** A process that starts a server in a container and says where. */
const program = `
  const { startContainerPostgres } = await import(process.argv[1]);
  const { service } = await startContainerPostgres(process.argv[2]);
  console.log(service.port);
  process.stdin.resume();
`;

/** The ports of 127.0.0.1 at which containers answer. */
async function publishedPorts(): Promise<readonly number[]> {
  const found = await (await openEngine()).container.list();
  return found.flatMap(({ Ports }) => Ports.map(({ PublicPort }) => PublicPort));
}

// Natively there is none, and a test that never applies would stand among the skipped ones of every run.
if (image !== undefined)
  test('a container of a run that was killed goes, one of a run that runs stays', async () => {
    const own = await startContainerPostgres(image);
    onTestFinished(() => own.stop());
    const module = new URL('../../services/containers.ts', import.meta.url).href;
    // Its containers are its own to sweep: no reaper may be quicker.
    const env = { ...process.env, TESTCONTAINERS_RYUK_DISABLED: 'true' };
    const words = ['--input-type=module', '--eval', program, module, image];
    const child = spawn(process.execPath, words, { env, stdio: ['pipe', 'pipe', 'inherit'] });
    onTestFinished(() => void child.kill('SIGKILL'));
    const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
    const port = Number(line);

    await sweep();
    expect(await publishedPorts()).toContain(port);
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
    expect(await publishedPorts()).toContain(port);
    await sweep();
    const left = await publishedPorts();
    expect(left).not.toContain(port);
    expect(left).toContain(own.service.port);
  });
