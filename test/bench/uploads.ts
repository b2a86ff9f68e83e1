import { DeleteObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { forEachOf } from '../../src/base/waiting.ts';
import { createBucket, emptyAndRemoveBucket, s3Client } from '../services/bucket.ts';
import { createWorkspace, s3Yaml, secretVariables } from '../e2e/workspace.ts';
import type { Ground } from './ground.ts';
import { renderColumns, seconds } from './statistics.ts';

/** Keys that the script of `aws s3api` is measured on: a process a request takes too long for all. */
const sampledKeys = 200;
/** Keys at a time, each tried on the keys below a prefix: 1,000 of them. */
const lanesTried = [8, 16, 32, 64] as const;
const triedPrefix = 'orders/0000';
/** What a step takes unless it says. */
const usualLanes = 16;

export interface UploadsMeasurement {
  readonly keys: number;
  readonly versions: number;
  /** The pass that lists and decides, of a dry run, milliseconds. */
  readonly listMs: number;
  /** The whole command, its three listings included, by keys at a time. */
  readonly restores: readonly {
    readonly lanes: number;
    readonly durationMs: number;
    readonly changed: number;
  }[];
  /** `aws s3api list-object-versions` of the whole bucket, and copy-object of a sample. */
  readonly aws: { readonly listMs: number; readonly sampledKeys: number; readonly copyMs: number };
}

/** Fills a bucket with keys of three versions, and brings it back to the first ones, once for each number of lanes. */
export async function measureUploads(
  ground: Ground,
  keys: number,
  say: (text: string) => void,
): Promise<UploadsMeasurement> {
  const { services } = ground;
  const bucket = await createBucket(services, { versioning: true });
  const client = s3Client(services);
  const workspace = await createWorkspace();
  const never = new AbortController().signal;
  const nameOf = (index: number): string => `prod/orders/${String(index).padStart(7, '0')}.jpg`;
  const put = (index: number, text: string): Promise<unknown> =>
    client.send(new PutObjectCommand({ Bucket: bucket, Key: nameOf(index), Body: text }));
  const all = Array.from({ length: keys }, (_, index) => index);
  try {
    let at = '';
    for (const round of ['first', 'second', 'third'] as const) {
      say(`putting ${keys} objects, the ${round} version`);
      await forEachOf(all, { atOnce: 32, signal: never }, async (index) => {
        await put(index, `${round} ${index}`);
      });
      if (round !== 'first') continue;
      at = new Date().toISOString();
      await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: 'prod/after' }));
    }
    await workspace.write(
      'plans/environments.yaml',
      `environments: { prod: { repository: { folder: ${workspace.repositoryFolder} }, uploads: { s3: ${s3Yaml(services, bucket)} } } }\n`,
    );
    await workspace.write(
      'plans/back.yaml',
      `environment: prod
timeout: 2h
parameters: { at: {}, dry: { default: false }, lanes: { default: 16 }, prefix: { default: orders/ } }
steps: [{ task: uploads-restore, with: { at: "\${parameters.at}", dry-run: "\${parameters.dry}", concurrency: "\${parameters.lanes}", prefix: "\${parameters.prefix}" } }]
`,
    );
    await workspace.write(
      'plans/forth.yaml',
      'environment: prod\ntimeout: 2h\nparameters: { run: {} }\nsteps: [{ task: uploads-restore, with: { undo: "${parameters.run}" } }]\n',
    );
    const run = async (
      plan: string,
      ...set: readonly string[]
    ): Promise<{ ms: number; id: string; facts: Record<string, unknown> }> => {
      const words = [plan, '--yes', ...set.flatMap((one) => ['--set', one])];
      const startedAt = performance.now();
      const told = await workspace.run(words, secretVariables(services));
      const ms = performance.now() - startedAt;
      if (told.code !== 0) throw new Error(told.text);
      const folder = join(workspace.repositoryFolder, 'runs', plan);
      const newest = (await readdir(folder)).sort().at(-1) ?? '';
      const record = JSON.parse(await readFile(join(folder, newest), 'utf8')) as { runId: string; steps: { facts?: { uploads?: Record<string, unknown> }; durationMs: number }[] }; // prettier-ignore
      await rm(join(folder, newest));
      return {
        ms: record.steps[0]?.durationMs ?? ms,
        id: record.runId,
        facts: record.steps[0]?.facts?.uploads ?? {},
      };
    };
    const dry = await run('back', `at=${at}`, 'dry=true');
    say(`listed and decided in ${seconds(dry.ms)}`);
    const restores: { lanes: number; durationMs: number; changed: number }[] = [];
    const restore = async (lanes: number, prefix: string): Promise<string> => {
      const { ms, id, facts } = await run('back', `at=${at}`, `lanes=${lanes}`, `prefix=${prefix}`);
      const changed = Number(facts['promoted']);
      restores.push({ lanes, durationMs: ms, changed });
      say(`restored ${changed} keys, ${lanes} at a time, in ${seconds(ms)}`);
      return id;
    };
    for (const lanes of lanesTried) await run('forth', `run=${await restore(lanes, triedPrefix)}`);
    await restore(usualLanes, 'orders/');
    const aws = await measureAws(ground, bucket, nameOf);
    return { keys, versions: keys * 3, listMs: dry.ms, restores, aws };
  } finally {
    client.destroy();
    await workspace.remove();
    await emptyAndRemoveBucket(services, bucket);
  }
}

/** What a script would do: list everything, then a copy-object a key. */
async function measureAws(
  ground: Ground,
  bucket: string,
  nameOf: (index: number) => string,
): Promise<UploadsMeasurement['aws']> {
  const api = 'aws --endpoint-url "$S3_ENDPOINT" s3api';
  const timed = async (script: string): Promise<number> => {
    const startedAt = performance.now();
    await ground.shell(script);
    return performance.now() - startedAt;
  };
  const listMs = await timed(`${api} list-object-versions --bucket ${bucket} --output json > versions.json`);
  const names = Array.from({ length: sampledKeys }, (_, index) => nameOf(index));
  const copyMs = await timed(
    names.map((name) => `${api} copy-object --bucket ${bucket} --key ${name} --copy-source ${bucket}/${name} --metadata-directive REPLACE > answer.json`).join('\n'), // prettier-ignore
  );
  return { listMs, sampledKeys, copyMs };
}

export function renderUploads({ keys, versions, listMs, restores, aws }: UploadsMeasurement): string {
  const rate = (count: number, ms: number): string => `${Math.round((count * 1000) / ms)}/s`;
  const whole = aws.listMs + (aws.copyMs * keys) / aws.sampledKeys;
  return renderColumns([
    [`${keys} keys, ${versions} versions`, 'time', 'rate'],
    ['list and decide (dry run)', seconds(listMs), rate(versions, listMs)],
    ...restores.map(({ lanes, durationMs, changed }) => [
      `restore of ${changed}, ${lanes} at a time: look, promote, look again`,
      seconds(durationMs),
      rate(changed, durationMs),
    ]),
    ['aws s3api list-object-versions', seconds(aws.listMs), rate(versions, aws.listMs)],
    [
      `aws s3api copy-object, ${aws.sampledKeys} keys`,
      seconds(aws.copyMs),
      rate(aws.sampledKeys, aws.copyMs),
    ],
    ['aws s3api, both, extrapolated to all keys', seconds(whole), rate(keys, whole)],
  ]);
}
