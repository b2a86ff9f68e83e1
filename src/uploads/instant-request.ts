import { defaults } from '../language/generated/uploads-restore.defaults.ts';
import { defined } from '../base/defined.ts';
import { uploadsIdentity } from '../artifact/uploads-instant.ts';
import { Failure } from '../base/failure.ts';
import { counted } from '../base/quantity/counted.ts';
import { parseDuration, renderPlanDuration } from '../base/quantity/duration.ts';
import type { S3 } from '../s3/client.ts';
import { listVersions, versionPages } from '../s3/versions.ts';
import type { UploadsRestoreParameters } from '../language/generated/uploads-restore.types.ts';
import type { TaskContext } from '../task/contract.ts';
import { emptyTally, onlyKeys, openRows, type KeyTally } from './chosen-keys.ts';
import { describeSkew, findInstant, type Instant } from './instant.ts';
import { historiesOf, type KeyHistory } from './key-history.ts';
import { readNoncurrentExpiry, type NoncurrentExpiry } from './noncurrent-expiry.ts';
import { ofKeys, openReferences } from './references.ts';
import { nameKeys } from './refused-keys.ts';
import type { InstantRestore } from './restore-to-instant.ts';
import type { IntoTarget } from './restore-uploads.ts';
import type { RestoreWork } from './restore-work.ts';
import { readVersioning, type StoreClock } from './uploads-store.ts';

/** What a step asks for, settled, and the instant that it means. */
export interface InstantRequest {
  readonly instant: Instant;
  readonly restore: InstantRestore;
}

/**
 * Settles which instant a step means, which keys, and where to; says what an operator should know of it.
 * @throws Failure `usage`, `artifact-missing`, `target-refused`, `repository-*`, `postgres-*`
 */
export async function readRequest(
  context: TaskContext,
  parameters: UploadsRestoreParameters,
  work: Omit<RestoreWork, 'journal' | 'refused' | 'listsAfterwards'>,
  clock: StoreClock,
): Promise<InstantRequest> {
  const { store } = work;
  const { at, artifact, from = context.environment.name, prefix = '' } = parameters;
  const instant = await findInstant(context, { at, artifact, from }, store, clock);
  if (instant === undefined) {
    throw new Failure('usage', 'it is not said which instant the uploads are to be brought back to', {
      hint: "Say 'at' or 'artifact', or put the step after one that restores an artifact.",
    });
  }
  const time = new Date(instant.atMs).toISOString();
  const expiry = await readNoncurrentExpiry(store, context.signal);
  warnOfExpiry(context, expiry, instant, clock);
  context.report.note(
    `uploads as of ${time} on the store's clock; this host's ${describeSkew(clock.skewMs)}`,
  );
  const key = JSON.stringify([time, prefix, parameters.keys ?? null, parameters.into ?? null]);
  const wait = parameters['wait-for-archived'];
  return {
    instant,
    restore: {
      histories: await historiesFor(context, parameters, store, instant),
      facts: { at: instant.atMs, nowMs: clock.time.getTime(), expiryOf: (name) => expiry.of(name) },
      whole: prefix === '' && parameters.keys === undefined,
      untrusted: parameters.untrusted ?? defaults.untrusted,
      into: await intoOf(context, parameters, store),
      dryRun: parameters['dry-run'] ?? defaults['dry-run'],
      archived: {
        tier: parameters['archived-tier'] ?? defaults['archived-tier'],
        waitMs: wait === undefined ? undefined : parseDuration(wait),
      },
      header: { uploads: uploadsIdentity(store.location), work: key, runId: context.run.id },
      kept: context.kept,
      work,
    },
  };
}

/** Each pass lists the bucket anew, and runs the query anew, so that none holds the keys. */
async function historiesFor(
  context: TaskContext,
  { prefix = '', keys: sql }: UploadsRestoreParameters,
  store: S3,
  { atMs }: Instant,
): Promise<InstantRestore['histories']> {
  const all = (since?: number): AsyncIterable<KeyHistory> =>
    historiesOf(listVersions(versionPages(store, prefix, context.signal)), {
      at: atMs,
      ...defined({ since }),
    });
  if (sql === undefined) return all;
  const keys = await openKeys(context, sql);
  let isFirst = true;
  return (since) => {
    const tally = emptyTally();
    const chosen = onlyKeys(all(since), keys(), tally);
    if (!isFirst) return chosen;
    isFirst = false;
    return toldAfter(chosen, () => {
      tellKeys(context, tally);
    });
  };
}

async function* toldAfter<Item>(items: AsyncIterable<Item>, tell: () => void): AsyncGenerator<Item> {
  yield* items;
  tell();
}

function tellKeys({ report }: TaskContext, { keys, missing, firstMissing }: KeyTally): void {
  if (keys === 0) report.warn("the query of 'keys' gives no key");
  if (missing === 0) return;
  report.warn(
    `${counted(missing, 'key')} of the ${keys} that the query gives ${missing === 1 ? 'has' : 'have'} no version in the bucket: ${nameKeys(firstMissing, missing)}`,
  );
}

async function openKeys(
  context: TaskContext,
  sql: string,
): Promise<() => AsyncIterable<{ readonly key: string }>> {
  const session = await openRows(context, context.environment.postgres);
  return async function* () {
    const reader = await openReferences(session, sql, ofKeys);
    try {
      yield* reader.rows();
    } finally {
      await session.query('rollback');
    }
  };
}

async function intoOf(
  context: TaskContext,
  { into }: UploadsRestoreParameters,
  store: S3,
): Promise<IntoTarget | undefined> {
  if (into === undefined) return undefined;
  const { bucket, prefix = '' } = into;
  if (bucket === store.location.bucket) {
    throw new Failure('target-refused', `into: ${bucket} is the bucket of the uploads itself`, {
      hint: 'Say another bucket: what is copied would be one of the uploads.',
    });
  }
  const versioning = await readVersioning(store.at({ bucket, prefix }), context.signal);
  return { bucket, prefix, versioned: versioning === 'enabled' };
}

function warnOfExpiry(
  { report }: TaskContext,
  { shortest, unknown }: NoncurrentExpiry,
  { atMs }: Instant,
  { time }: StoreClock,
): void {
  if (unknown !== undefined)
    report.warn(`the bucket's lifecycle rules are not known (${unknown}): versions may have expired since`);
  if (shortest === undefined || time.getTime() - atMs < shortest) return;
  report.warn(
    `versions of this bucket may expire ${renderPlanDuration(shortest)} after they are replaced, and the instant is older: ` +
      'a key whose versions are all gone leaves no trace, and is not restored',
  );
}
