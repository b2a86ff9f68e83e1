import type { Clock } from '../base/clock.ts';
import { Failure } from '../base/failure.ts';
import type { S3 } from '../s3/client.ts';
import { isArchivedClass } from '../s3/copy.ts';
import { headVersion, requestBack } from '../s3/object.ts';
import type { ObjectVersion } from '../s3/versions.ts';
import { counted } from '../base/quantity/counted.ts';
import { renderDuration } from '../base/quantity/duration.ts';
import type { Reporter } from '../task/contract.ts';
import { forEachOf } from '../base/waiting.ts';

/** How fast a store brings archived objects back; names and times are Amazon's. */
export type Tier = 'standard' | 'bulk' | 'expedited';

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/restoring-objects-retrieval-options.html */
const waits: Readonly<Record<Tier, string>> = {
  expedited: '1 to 5 minutes from GLACIER, and not from DEEP_ARCHIVE',
  standard: '3 to 5 hours from GLACIER, 12 from DEEP_ARCHIVE',
  bulk: '5 to 12 hours from GLACIER, 48 from DEEP_ARCHIVE',
};
const tierNames = { standard: 'Standard', bulk: 'Bulk', expedited: 'Expedited' } as const;
/** How long what was brought back stays readable: longer than any restore, and paid for by the day. */
const readableDays = 7;
/** Between looks at what is on its way. */
const lookMs = 5 * 60_000;

export interface BringBackOptions {
  readonly store: S3;
  readonly lanes: number;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly report: Pick<Reporter, 'phase' | 'note' | 'warn'>;
  readonly tier: Tier;
  /** Undefined: request them, and fail with the wait told. */
  readonly waitMs: number | undefined;
}

/**
 * Asks for every archived version back, and waits until all can be read, looking again and again; each look lists them
 * anew, so that none is held in memory.
 * @throws Failure `repository-read` when they are not there in time, or may not be waited for
 */
export async function bringBack(
  archived: () => AsyncIterable<ObjectVersion>,
  options: BringBackOptions,
): Promise<void> {
  const { clock, waitMs, report, signal, tier } = options;
  const endMs = clock.monotonicMs() + (waitMs ?? 0);
  for (let look = 1; ; look += 1) {
    const found = { readable: 0, waiting: 0, unsupported: 0 };
    await forEachOf(archived(), { atOnce: options.lanes, signal }, async (version, own) => {
      found[await bringBackOne(options, version, own)] += 1;
    });
    if (found.unsupported > 0 && look === 1)
      report.warn(
        `the store knows no requests for archived objects: ${counted(found.unsupported, 'version is copied as it lies', 'versions are copied as they lie')} there`,
      );
    if (found.waiting === 0) return;
    const told = `${counted(found.waiting, 'archived version was', 'archived versions were')} requested back (${tier}: ${waits[tier]})`;
    const leftMs = endMs - clock.monotonicMs();
    if (leftMs <= 0) {
      const waited = waitMs === undefined ? '' : `, which did not bring all within ${renderDuration(waitMs)}`;
      throw new Failure('repository-read', `${told}${waited}: nothing was changed`, {
        hint: `Run it again then, or let it wait: 'wait-for-archived: 12h'. They stay readable for ${readableDays} days.`,
      });
    }
    if (look === 1) report.note(told);
    report.phase(`waiting for ${counted(found.waiting, 'archived version')} (${waits[tier]})`);
    await waitAwake(options, Math.min(lookMs, leftMs));
  }
}

/** In short steps that say something, because a silent step is taken for a stalled one. */
async function waitAwake({ clock, signal, report }: BringBackOptions, ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= 30_000) {
    await clock.sleep(Math.min(left, 30_000), signal);
    report.phase('waiting for archived versions');
  }
}

async function bringBackOne(
  { store, tier }: BringBackOptions,
  { key, versionId }: ObjectVersion,
  signal: AbortSignal,
): Promise<'readable' | 'waiting' | 'unsupported'> {
  const { Restore, StorageClass } = await headVersion(store, key, versionId, signal);
  if (StorageClass === undefined || !isArchivedClass(StorageClass)) return 'readable';
  if (Restore?.includes('ongoing-request="true"') === true) return 'waiting';
  if (Restore?.includes('ongoing-request="false"') === true) return 'readable';
  const days = readableDays;
  const isOnItsWay = await requestBack(store, key, versionId, { days, tier: tierNames[tier], signal });
  return isOnItsWay === true ? 'waiting' : 'unsupported';
}
