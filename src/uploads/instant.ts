import { defined } from '../base/defined.ts';
import { findArtifact, parseChoice, parseTime, passedOver } from '../artifact/choice.ts';
import { parseCompactTime } from '../artifact/name.ts';
import { listArtifacts, readManifest } from '../artifact/store.ts';
import { uploadsIdentity } from '../artifact/uploads-instant.ts';
import type { Manifest } from '../artifact/manifest.ts';
import { Failure } from '../base/failure.ts';
import { renderDuration } from '../base/quantity/duration.ts';
import type { S3 } from '../s3/client.ts';
import type { TaskContext } from '../task/contract.ts';
import type { StoreClock } from './uploads-store.ts';

/** The instant that uploads are looked at or brought back to. */
export interface Instant {
  /** The last millisecond that counts, on the store's clock. */
  readonly atMs: number;
  /** The artifact whose recovery point it is. */
  readonly artifact: string | undefined;
}

/** What a step says about the instant. */
export interface InstantChoice {
  /** A time on the store's clock, an artifact's name, or `latest`. */
  readonly at?: string | undefined;
  /** As everywhere: `latest`, a name, or a time, which here means the newest artifact before it. */
  readonly artifact?: string | undefined;
  /** Environment whose repository holds the artifact. */
  readonly from: string;
}

type Lent = Pick<
  TaskContext,
  'environment' | 'restored' | 'repository' | 'environmentNamed' | 'report' | 'signal' | 'run'
>;

/**
 * The instant that a step means; undefined when it names none and this run has restored no artifact. Times that people
 * write are the store's: one that the store's clock has not reached is refused.
 * @throws Failure `usage`, `artifact-missing`, `check-failed` for a manifest without the uploads' instant, `repository-*`
 */
export async function findInstant(
  lent: Lent,
  choice: InstantChoice,
  store: S3,
  clock: StoreClock,
): Promise<Instant | undefined> {
  const { at, artifact } = choice;
  if (at !== undefined && artifact !== undefined) {
    throw new Failure('usage', "'at' and 'artifact' both say an instant", { hint: 'Say one of them.' });
  }
  const time = at === undefined ? undefined : (parseCompactTime(at) ?? parseTime(at));
  if (time !== undefined) return { atMs: notInFuture(time, clock), artifact: undefined };
  const words = at ?? artifact;
  const made = lent.restored?.artifact;
  if (words === undefined && made === undefined) return undefined;
  const manifest =
    words === undefined && made !== undefined
      ? await readManifest(await open(lent, made.environment), made.name, lent.signal)
      : await chooseManifest(lent, words ?? 'latest', choice.from);
  return { atMs: instantOf(lent, manifest.manifest, store), artifact: manifest.manifest.name };
}

async function chooseManifest(lent: Lent, words: string, from: string): ReturnType<typeof readManifest> {
  const named = parseChoice(words);
  const repository = await open(lent, from);
  if (named.kind === 'name') return readManifest(repository, named.name, lent.signal);
  // The step's own environment may speak of the restored database by now.
  const database = lent.environmentNamed(from).postgres?.database;
  const scope = { environment: from, ...defined({ database }) };
  const artifacts = await listArtifacts(repository, { signal: lent.signal });
  const found = findArtifact(artifacts, named, scope, { seed: lent.run.id });
  const newer = passedOver(found, artifacts, named);
  if (newer !== undefined) lent.report.note(newer);
  return readManifest(repository, found.name, lent.signal);
}

function open({ environment, repository }: Lent, name: string): ReturnType<Lent['repository']> {
  return name === environment.name ? repository() : repository(name);
}

function instantOf({ report }: Lent, manifest: Manifest, store: S3): number {
  const { uploads, time } = manifest.recoveryPoint;
  if (uploads === undefined || uploads.time === null) {
    const why = uploads?.unread ?? 'its environment had no bucket of uploads then';
    throw new Failure(
      'check-failed',
      `${manifest.name} does not say its instant on the uploads' clock: ${why}`,
      {
        hint: `Say the time yourself; its database is as of ${time} on the server's clock: 'at: ${time}'.`,
      },
    );
  }
  const location = uploadsIdentity(store.location);
  if (uploads.location !== location) {
    report.warn(`${manifest.name} notes the clock of ${uploads.location}, and ${location} is looked at`);
  }
  return Date.parse(uploads.time);
}

/** The clock tells whole seconds: a time within the one that runs may have come. */
function notInFuture(time: Date, { time: storeTime, skewMs }: StoreClock): number {
  if (time.getTime() < storeTime.getTime() + 1000) return time.getTime();
  throw new Failure(
    'usage',
    `${time.toISOString()} is in the store's future: its clock says ${storeTime.toISOString()}`,
    { hint: `Times are the store's; this host's clock ${describeSkew(skewMs)}.` },
  );
}

/** Of this host's clock, as what follows its name; the store's tells whole seconds. */
export function describeSkew(skewMs: number): string {
  const ms = Math.abs(skewMs);
  if (ms < 1000) return 'agrees with it to the second';
  return `is ${renderDuration(ms)} ${skewMs < 0 ? 'ahead of' : 'behind'} it`;
}
