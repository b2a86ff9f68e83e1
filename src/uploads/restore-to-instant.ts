import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure } from '../base/failure.ts';
import { counted } from '../base/quantity/counted.ts';
import { urlOf } from '../s3/client.ts';
import { bringBack, type BringBackOptions } from './archived.ts';
import { openChangeJournal } from './change-journal.ts';
import { accessWarnings } from './keep-access.ts';
import { confirmRestored } from './confirm-restored.ts';
import { decide, type DecisionFacts } from './decision.ts';
import type { KeyHistory } from './key-history.ts';
import type { ObjectVersion } from '../s3/versions.ts';
import { createKeyList, nameKeys, type KeyList } from './refused-keys.ts';
import { describeOutcome, describeSums, describeSurvey } from './restore-words.ts';
import { failOn, told, warnOf } from './restore-outcome.ts';
import { restoreKeys, type IntoTarget } from './restore-uploads.ts';
import { changesOf, type RestoreWork } from './restore-work.ts';
import { settleBegun } from './settle-begun.ts';
import { copiedBy, survey, type Survey } from './survey.ts';
import type { ChangeHeader } from './unfinished-changes.ts';
import { isArchivedClass } from '../s3/copy.ts';

/** A restore of uploads, everything settled. */
export interface InstantRestore {
  /** The keys that are meant; versions of `since` and later are looked for. */
  readonly histories: (since?: number) => AsyncIterable<KeyHistory>;
  readonly facts: DecisionFacts;
  /** Every key of the uploads is meant. */
  readonly whole: boolean;
  readonly untrusted: 'fail' | 'skip' | 'restore';
  readonly into: IntoTarget | undefined;
  readonly dryRun: boolean;
  readonly archived: Pick<BringBackOptions, 'tier' | 'waitMs'>;
  readonly header: ChangeHeader;
  /** The step's kept folder. */
  readonly kept: string;
  readonly work: Omit<RestoreWork, 'journal' | 'refused' | 'listsAfterwards'>;
}

export interface InstantResult {
  /** Path of the report, or of the list of what would be done. */
  readonly changes: string;
  readonly changed: number;
  readonly bytes: number;
  readonly facts: Readonly<Record<string, unknown>>;
}

/**
 * Looks, fetches what is archived, changes, and looks again: the bucket is as it was, or the failure names the keys that
 * are not. `onReport` is given the report before that, also when keys are not as they were.
 * @throws Failure `check-failed`, `target-refused`, `repository-*`
 */
export async function restoreToInstant(
  restore: InstantRestore,
  onReport: (path: string) => Promise<void>,
): Promise<InstantResult> {
  const { work, facts, kept, into } = restore;
  const place = into === undefined ? undefined : urlOf(work.store.at(into).location);
  const found = await lookFirst(restore);
  if (restore.dryRun) {
    const changes = join(kept, 'planned.ndjson');
    const where =
      found.promote.keys + found.hide.keys + found.then.keys === 0 ? '' : `; listed in ${changes}`;
    work.report.note(`dry run, nothing was changed: ${describeSurvey(found, place)}${where}`);
    return { changes, changed: 0, bytes: 0, facts: { survey: found, dryRun: true } };
  }
  if (found.archived.keys > 0)
    await bringBack(() => archivedOf(restore), { ...work, ...restore.archived, store: work.store });
  work.report.note(describeSurvey(found, place));
  const lists = listsIn(kept);
  const journal = await openChangeJournal(kept, restore.header);
  if (journal.continued > 0)
    work.report.note(
      `goes on where a run was interrupted: ${counted(journal.continued, 'key')} had been changed by it`,
    );
  try {
    if (into === undefined) await settleBegun({ ...work, journal });
    const totals = into === undefined ? found.promote : found.then;
    const skipUntrusted = restore.untrusted === 'skip';
    const plan = { facts, skipUntrusted, into, totals };
    const own = { ...work, journal, refused: lists.refused, listsAfterwards: into === undefined };
    const sums = await restoreKeys(restore.histories(), plan, own);
    if (into === undefined) {
      work.report.phase('looking at the result');
      // The clock tells whole seconds: what was written within the first may have been seen.
      const histories = restore.histories(facts.nowMs + 1000);
      await confirmRestored(histories, facts, { ...work, skipUntrusted }, lists);
    }
    await closeAll(lists);
    const whole = lists.refused.count + lists.wrong.count === 0;
    const made = lists.made.count === 0 ? undefined : join(kept, madeFile);
    const changes = await journal.finish({ whole, made });
    await rm(join(kept, madeFile), { force: true });
    await onReport(changes);
    const all = {
      survey: found,
      ...sums,
      access: work.access.sums,
      continued: journal.continued,
      refused: told(lists.refused),
      wrong: told(lists.wrong),
      overtaken: told(lists.overtaken),
      changes,
    };
    for (const warning of accessWarnings(work.access.sums)) work.report.warn(warning);
    failOn(lists.refused, lists.wrong, { uploads: all });
    warnOf(work.report, lists.overtaken);
    work.report.note(`${describeSums(sums)}: ${describeOutcome(found, sums, work.access.sums, place)}`);
    return { changes, changed: changesOf(sums) + journal.continued, bytes: sums.bytes, facts: all };
  } finally {
    await closeAll(lists);
    await journal.close();
  }
}

const madeFile = 'made.ndjson';

type Lists = Record<'refused' | 'wrong' | 'overtaken' | 'made', KeyList>;

function listsIn(kept: string): Lists {
  return {
    refused: createKeyList(join(kept, 'refused.ndjson')),
    wrong: createKeyList(join(kept, 'wrong.ndjson')),
    overtaken: createKeyList(join(kept, 'overtaken.ndjson')),
    made: createKeyList(join(kept, madeFile)),
  };
}

async function closeAll(lists: Lists): Promise<void> {
  await Promise.all(Object.values(lists).map((list) => list.close()));
}

async function lookFirst(restore: InstantRestore): Promise<Survey> {
  const { histories, facts, kept, dryRun, untrusted, work, into } = restore;
  const lists = {
    untrusted: createKeyList(join(kept, 'untrusted.ndjson')),
    ...(dryRun && { planned: createKeyList(join(kept, 'planned.ndjson')) }),
    copies: into !== undefined,
    onKeys: (count: number): void => {
      work.report.phase(`looking at what there is: ${counted(count, 'key')}`);
    },
  };
  const found = await survey(histories(), facts, lists);
  await Promise.all([lists.untrusted.close(), lists.planned?.close()]);
  const { count, first } = lists.untrusted;
  if (found.keys === 0) work.report.warn('there is no such key in the bucket: nothing is meant');
  if (restore.whole && into === undefined) refuseNothing(restore, found);
  if (count === 0) return found;
  const why = Object.entries(found.doubts)
    .filter(([, keys]) => keys > 0)
    .map(([doubt, keys]) => `${keys} ${doubt}`)
    .join(', ');
  const text = `what ${counted(count, 'key')} held then cannot be known for sure (${why}): ${nameKeys(first, count)}`;
  if (untrusted !== 'fail' || dryRun) {
    work.report.warn(text);
    return found;
  }
  throw new Failure('check-failed', `${text}; nothing was changed`, {
    hint: "Look at untrusted.ndjson in the run's kept folder, then say 'untrusted: skip' or 'untrusted: restore'.",
    facts: { uploads: { survey: found, untrusted: told(lists.untrusted) } },
  });
}

/** A mistyped year would hide every upload there is. */
function refuseNothing({ facts, dryRun, work }: InstantRestore, { known, hide }: Survey): void {
  if (known > 0 || hide.keys === 0) return;
  const text = `no version in the bucket is as old as ${new Date(facts.at).toISOString()}: all ${counted(hide.keys, 'key')} would be hidden`;
  if (dryRun) {
    work.report.warn(text);
    return;
  }
  throw new Failure('target-refused', `${text}; nothing was changed`, {
    hint: "Look at the time again. A 'prefix' hides what is below it all the same.",
  });
}

async function* archivedOf({ histories, facts, into }: InstantRestore): AsyncGenerator<ObjectVersion> {
  for await (const history of histories()) {
    const source = copiedBy(decide(history, facts), into !== undefined);
    if (source !== undefined && isArchivedClass(source.storageClass)) yield source;
  }
}
