import { join } from 'node:path';
import { Failure } from '../failure.ts';
import { renderBytes } from '../quantity/size.ts';
import type { S3Store } from '../repository/s3-client.ts';
import type { Reporter } from '../task/contract.ts';
import { bringBack, type BringBackOptions } from './archived.ts';
import { openChangeJournal, type ChangeJournal } from './change-journal.ts';
import { confirmRestored } from './confirm-restored.ts';
import { decide, type DecisionFacts } from './decision.ts';
import type { KeyHistory } from './key-history.ts';
import type { ObjectVersion } from './object-version.ts';
import { createKeyList, nameKeys, type KeyList } from './refused-keys.ts';
import { restoreKeys, type IntoTarget } from './restore-uploads.ts';
import type { RestoreWork } from './restore-work.ts';
import { settleBegun } from './settle-begun.ts';
import { survey, type Survey } from './survey.ts';
import type { ChangeHeader } from './unfinished-changes.ts';
import { isArchivedClass } from './version-head.ts';

/** A restore of uploads, everything settled. */
export interface InstantRestore {
  /** The keys that are meant; versions of `since` and later are looked for. */
  readonly histories: (since?: number) => AsyncIterable<KeyHistory>;
  readonly facts: DecisionFacts;
  readonly untrusted: 'fail' | 'skip' | 'restore';
  readonly into: IntoTarget | undefined;
  readonly dryRun: boolean;
  readonly archived: Pick<BringBackOptions, 'tier' | 'waitMs'>;
  readonly header: ChangeHeader;
  /** The step's kept folder. */
  readonly kept: string;
  readonly work: Omit<RestoreWork, 'journal' | 'refused'>;
}

export interface InstantResult {
  readonly changes: string;
  readonly bytes: number;
  readonly facts: Readonly<Record<string, unknown>>;
}

/**
 * Looks, fetches what is archived, changes, and looks again: the bucket is as it was, or the failure names the keys that
 * are not.
 * @throws Failure `check-failed`, `repository-*`
 */
export async function restoreToInstant(restore: InstantRestore): Promise<InstantResult> {
  const { work, facts, kept, into } = restore;
  const found = await lookFirst(restore);
  if (restore.dryRun) {
    const changes = join(kept, 'planned.ndjson');
    work.report.note(`dry run: ${describeSurvey(found)}; nothing was changed. Listed in ${changes}`);
    return { changes, bytes: 0, facts: { survey: found, dryRun: true } };
  }
  if (found.archived.keys > 0)
    await bringBack(() => archivedOf(restore), { ...work, ...restore.archived, store: work.store });
  work.report.note(describeSurvey(found));
  const refused = createKeyList(join(kept, 'refused.ndjson'));
  const journal = await openChangeJournal(kept, restore.header);
  if (journal.continued > 0)
    work.report.note(`goes on where a run was interrupted: ${journal.continued} keys were changed by it`);
  try {
    if (into === undefined) await settleBegun({ ...work, journal });
    const totals = into === undefined ? found.promote : { keys: found.keys, bytes: 0 };
    const skipUntrusted = restore.untrusted === 'skip';
    const plan = { facts, skipUntrusted, into, totals };
    const sums = await restoreKeys(restore.histories(), plan, { ...work, journal, refused });
    const changes = await journal.finish(true);
    const lists = {
      wrong: createKeyList(join(kept, 'wrong.ndjson')),
      overtaken: createKeyList(join(kept, 'overtaken.ndjson')),
    };
    if (into === undefined) {
      work.report.phase('looking at the result');
      // The clock tells whole seconds: what was written within the first may have been seen.
      const histories = restore.histories(facts.nowMs + 1000);
      await confirmRestored(histories, facts, { ...work, skipUntrusted }, lists);
    }
    await Promise.all([lists.wrong.close(), lists.overtaken.close()]);
    const all = {
      survey: found,
      ...sums,
      continued: journal.continued,
      refused: told(refused),
      wrong: told(lists.wrong),
      overtaken: told(lists.overtaken),
      changes,
    };
    failOn(refused, lists.wrong, { uploads: all });
    warnOf(work.report, lists.overtaken);
    return { changes, bytes: sums.bytes, facts: all };
  } finally {
    await endJournal(journal, refused);
  }
}

async function endJournal(journal: ChangeJournal, refused: KeyList): Promise<void> {
  await refused.close();
  await journal.close();
}

async function lookFirst({
  histories,
  facts,
  kept,
  dryRun,
  untrusted,
  work,
}: InstantRestore): Promise<Survey> {
  const lists = {
    untrusted: createKeyList(join(kept, 'untrusted.ndjson')),
    ...(dryRun && { planned: createKeyList(join(kept, 'planned.ndjson')) }),
    onKeys: (count: number): void => {
      work.report.phase(`looking at what there is: ${count} keys`);
    },
  };
  const found = await survey(histories(), facts, lists);
  await Promise.all([lists.untrusted.close(), lists.planned?.close()]);
  const { count, first } = lists.untrusted;
  if (count === 0) return found;
  const why = Object.entries(found.doubts)
    .filter(([, keys]) => keys > 0)
    .map(([doubt, keys]) => `${keys} ${doubt}`)
    .join(', ');
  const text = `${count} keys cannot be trusted to be known as they were then (${why}): ${nameKeys(first, count)}`;
  if (untrusted !== 'fail' || dryRun) {
    work.report.warn(text);
    return found;
  }
  throw new Failure('check-failed', `${text}; nothing was changed`, {
    hint: "Look at untrusted.ndjson in the run's kept folder, then say 'untrusted: skip' or 'untrusted: restore'.",
    facts: { uploads: { survey: found, untrusted: told(lists.untrusted) } },
  });
}

async function* archivedOf({ histories, facts }: InstantRestore): AsyncGenerator<ObjectVersion> {
  for await (const history of histories()) {
    const { action, wanted } = decide(history, facts);
    if (action === 'promote' && wanted !== undefined && isArchivedClass(wanted.storageClass)) yield wanted;
  }
}

export function describeSurvey({ keys, versions, promote, hide, unchanged }: Survey): string {
  return (
    `${keys} keys with ${versions} versions: ${promote.keys} to promote (${renderBytes(promote.bytes)}), ` +
    `${hide.keys} born later to hide, ${unchanged} as they were`
  );
}

function told({ count, first }: KeyList): object {
  return { count, first };
}

/** @throws Failure when a key is not as it was */
function failOn(refused: KeyList, wrong: KeyList, facts: Readonly<Record<string, unknown>>): void {
  if (refused.count > 0) {
    throw new Failure(
      'repository-denied',
      `the store refused ${refused.count} keys: ${nameKeys(refused.first, refused.count)}; all others were restored`,
      {
        hint: "Each one's reason is in refused.ndjson of the run's kept folder. Run it again once that is mended.",
        facts,
      },
    );
  }
  if (wrong.count === 0) return;
  throw new Failure(
    'check-failed',
    `${wrong.count} keys are not as they were: somebody wrote them during the restore: ${nameKeys(wrong.first, wrong.count)}`,
    { hint: 'Stop what writes to the bucket, and run it again: what is done is not done twice.', facts },
  );
}

function warnOf(report: Pick<Reporter, 'warn'>, overtaken: KeyList): void {
  if (overtaken.count === 0) return;
  report.warn(
    `${overtaken.count} keys were written during the restore; those writes are kept as versions below: ${nameKeys(overtaken.first, overtaken.count)}`,
  );
}

/** Which bucket the work is in is not a store's business alone: two clients of one store are one. */
export function versionedInto(
  store: S3Store,
  into: { readonly bucket: string; readonly prefix?: string },
): S3Store {
  return { ...store, location: { ...store.location, bucket: into.bucket, prefix: into.prefix ?? '' } };
}
