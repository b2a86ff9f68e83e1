import { defaults } from '../src/language/generated/uploads-check.defaults.ts';
import { defined } from '../src/base/defined.ts';
import { join } from 'node:path';
import type { Environment } from '../src/language/environment/environment.ts';
import { Failure } from '../src/base/failure.ts';
import { counted } from '../src/base/quantity/counted.ts';
import { durationOf, renderDuration } from '../src/base/quantity/duration.ts';
import { renderBytes } from '../src/base/quantity/size.ts';
import type { UploadsCheckParameters } from '../src/language/generated/uploads-check.types.ts';
import { checkFailure } from '../src/task/check-failure.ts';
import type { Task, TaskContext, TaskResult } from '../src/task/contract.ts';
import type { CheckFact } from '../src/language/facts.ts';
import { checkUploads, type CheckSums, type ContentDepth } from '../src/uploads/check-uploads.ts';
import { openRows } from '../src/uploads/chosen-keys.ts';
import { hashInBucket, hashInFolder, type HashObject } from '../src/uploads/object-hash.ts';
import { findInstant } from '../src/uploads/instant.ts';
import { historiesOf } from '../src/uploads/key-history.ts';
import { listVersions, versionPages } from '../src/s3/versions.ts';
import { storeWaits } from '../src/task/store-waits.ts';
import { filesOf, objectsAt, type PresentObject } from '../src/uploads/objects-at.ts';
import { openReferences } from '../src/uploads/references.ts';
import { createKeyList, nameKeys, type KeyList } from '../src/uploads/refused-keys.ts';
import { openUploads, readClock, requireVersions } from '../src/uploads/uploads-store.ts';
import parametersSchema from '../schemas/tasks/uploads-check.schema.json' with { type: 'json' };

const task: Task<UploadsCheckParameters> = {
  name: 'uploads-check',
  description: 'Holds the files that rows name against the uploads as of an instant',
  needs: [],
  writes: [],
  others: [{ parameter: 'from', needs: 'uploads' }],
  role: 'check',
  outputs: ['findings'],
  parameters: parametersSchema,
  describe,
  run,
};
export default task;

function describe({ from, at }: UploadsCheckParameters, environment: Environment): readonly string[] {
  const database = environment.postgres?.database ?? 'the restored database';
  const when = at ?? "the restored artifact's instant, otherwise now";
  return [`hold what ${database} names against the uploads of ${from ?? 'its environment'} as of ${when}`];
}

/** The uploads as of an instant, whatever they lie in. */
interface Uploads {
  readonly objects: AsyncIterable<PresentObject>;
  readonly hash: HashObject;
  readonly atMs: number;
  readonly artifact: string | undefined;
}

type Lists = Record<'missing' | 'wrongSize' | 'wrongHash' | 'unreadable' | 'orphans', KeyList>;

async function run(context: TaskContext, parameters: UploadsCheckParameters): Promise<TaskResult> {
  const environment = environmentOf(context, parameters.from);
  const sql = environment.uploads?.references;
  if (sql === undefined) {
    throw new Failure(
      'environment-incomplete',
      `the uploads of ${environment.name} have no query of references`,
      {
        hint: 'uploads: { references: select storage_key as key, size_bytes as size from order_photos }',
      },
    );
  }
  const uploads = await openAt(context, environment, parameters.at);
  const session = await openRows(context, context.environment.postgres);
  const reader = await openReferences(session, sql);
  const content: ContentDepth = depthOf(parameters.content ?? defaults.content);
  if (content !== 'none' && reader.hash === undefined) {
    throw new Failure('usage', "'content' asks for hashes, and the references have no column sha256 or md5");
  }
  const lists = listsIn(context.kept);
  const graceMs = durationOf(parameters.grace ?? defaults.grace);
  const sums = await checkUploads({
    references: reader.rows(),
    objects: uploads.objects,
    hash: uploads.hash,
    content,
    atMs: uploads.atMs,
    youngSince: uploads.atMs - graceMs,
    lists,
    signal: context.signal,
    random: context.random,
    onProgress: (compared, bytesRead) => {
      context.report.phase(`${counted(compared, 'reference')} compared`);
      context.report.progress(bytesRead);
    },
  });
  await session.query('rollback');
  await Promise.all(Object.values(lists).map((list) => list.close()));
  return conclude(context, parameters, { uploads, sums, lists });
}

/** Whose uploads the rows speak of: the environment that they were dumped from, when this run has restored them. */
function environmentOf(context: TaskContext, from: string | undefined): Environment {
  const name = from ?? context.restored?.artifact?.environment;
  if (name === undefined || name === context.environment.name) return context.environment;
  const environment = context.environmentNamed(name);
  return from !== undefined || environment.uploads !== undefined ? environment : context.environment;
}

async function openAt(
  context: TaskContext,
  environment: Environment,
  at: string | undefined,
): Promise<Uploads> {
  const { signal, clock, secrets } = context;
  if (environment.uploads?.store.kind === 'folder') {
    if (at !== undefined && at !== 'now') {
      throw new Failure(
        'environment-incomplete',
        `the uploads of ${environment.name} are a folder, which has no past`,
        {
          hint: "Say 'at: now'.",
        },
      );
    }
    const { folder } = environment.uploads.store;
    return {
      objects: filesOf(folder, signal),
      hash: hashInFolder(folder),
      atMs: clock.now().getTime(),
      artifact: undefined,
    };
  }
  const store = await openUploads(environment, secrets, storeWaits(context));
  context.onEnd('close the connections to the bucket', () => {
    store.close();
    return Promise.resolve();
  });
  const storeClock = await readClock(store, () => clock.now(), signal);
  const instant =
    at === 'now' ? undefined : await findInstant(context, { at, from: environment.name }, store, storeClock);
  if (instant !== undefined) await requireVersions(store, signal);
  // Nothing in the listing is later than now, whatever the clocks say.
  const listedAt = instant?.atMs ?? Number.MAX_SAFE_INTEGER;
  const histories = historiesOf(listVersions(versionPages(store, '', signal)), { at: listedAt });
  return {
    objects: objectsAt(histories),
    hash: hashInBucket(store),
    // The clock tells whole seconds, rounded down; what was written in this one is not from the future.
    atMs: instant?.atMs ?? storeClock.time.getTime() + 999,
    artifact: instant?.artifact,
  };
}

function depthOf(content: NonNullable<UploadsCheckParameters['content']>): ContentDepth {
  if (content === 'none') return 'none';
  if (content === 'whole') return 'whole';
  return { sampled: Number(content) };
}

function listsIn(kept: string): Lists {
  const list = (name: string): KeyList => createKeyList(join(kept, `${name}.ndjson`));
  return {
    missing: list('missing'),
    wrongSize: list('wrong-size'),
    wrongHash: list('wrong-hash'),
    unreadable: list('unreadable'),
    orphans: list('orphans'),
  };
}

interface Finding {
  readonly uploads: Uploads;
  readonly sums: CheckSums;
  readonly lists: Lists;
}

function conclude(
  context: TaskContext,
  { orphans = defaults.orphans }: UploadsCheckParameters,
  { uploads, sums, lists }: Finding,
): TaskResult {
  const time = new Date(uploads.atMs).toISOString();
  const orphanText = describeOrphans(sums, lists.orphans);
  const checks: CheckFact[] = [
    checkOf('every object that a row names is there', lists.missing, 'missing'),
    checkOf('every object has the size that its row says', lists.wrongSize, 'of another size'),
    ...(sums.hashed + lists.unreadable.count > 0
      ? [
          checkOf('contents have the hash that their rows say', lists.wrongHash, 'with another hash'),
          checkOf('contents can be read', lists.unreadable, 'not readable'),
        ]
      : []),
    ...(orphans === 'fail' ? [checkOf('a row names every object', lists.orphans, 'orphans')] : []),
  ];
  if (orphans === 'report' && lists.orphans.count > 0) context.report.warn(orphanText);
  if (sums.references === 0 && sums.objects > 0)
    context.report.warn(
      `the rows name nothing at all, and ${counted(sums.objects, 'object is', 'objects are')} there`,
    );
  const shown = Object.fromEntries(
    Object.entries(lists).map(([name, { count, first }]) => [name, { count, first }]),
  );
  const facts = {
    checks,
    uploads: { at: time, artifact: uploads.artifact ?? null, ...sums, ...shown, findings: context.kept },
  };
  const failure = checkFailure(
    `the uploads as of ${time}`,
    checks,
    `All of them are listed in ${context.kept}.`,
  );
  if (failure !== undefined)
    throw new Failure(failure.code, failure.message, {
      ...defined({ hint: failure.hint }),
      facts,
    });
  const young =
    sums.young === 0 ? '' : `; no row names ${counted(sums.young, 'object')} yet, written within the grace`;
  context.report.note(
    `${counted(sums.references, 'reference')}, ${counted(sums.objects, 'object')} (${renderBytes(sums.objectBytes)}) as of ${time}: all that rows name is there${young}`,
  );
  return {
    ...(sums.hashedBytes > 0 && { bytes: sums.hashedBytes }),
    outputs: { findings: context.kept },
    facts,
  };
}

function checkOf(name: string, { count, first }: KeyList, what: string): CheckFact {
  if (count === 0) return { name, state: 'passed' };
  return { name, state: 'failed', found: `${count} ${what}: ${nameKeys(first, count)}` };
}

function describeOrphans({ orphanBytes, oldestOrphan }: CheckSums, { count, first }: KeyList): string {
  const oldest =
    oldestOrphan === undefined
      ? ''
      : `; the oldest, ${JSON.stringify(oldestOrphan.key)}, is ${renderDuration(oldestOrphan.ageMs)} old`;
  return `no row names ${counted(count, 'object')} (${renderBytes(orphanBytes)})${oldest}: ${nameKeys(first, count)}`;
}
