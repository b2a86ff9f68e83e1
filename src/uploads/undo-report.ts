import { join } from 'node:path';
import { Failure } from '../base/failure.ts';
import { counted } from '../base/quantity/counted.ts';
import { renderBytes } from '../base/quantity/size.ts';
import { openChangeJournal } from './change-journal.ts';
import type { UndoneReport } from './find-report.ts';
import { accessWarnings, accessWords } from './keep-access.ts';
import { createKeyList, nameKeys, type KeyList } from './refused-keys.ts';
import { told } from './restore-outcome.ts';
import type { InstantResult } from './restore-to-instant.ts';
import { describeSums } from './restore-words.ts';
import { changesOf, type RestoreWork } from './restore-work.ts';
import { settleBegun } from './settle-begun.ts';
import { planUndo, undoChanges } from './undo-uploads.ts';
import type { ChangeHeader } from './unfinished-changes.ts';

export interface Undo {
  readonly report: UndoneReport;
  readonly header: ChangeHeader;
  /** The step's kept folder. */
  readonly kept: string;
  readonly work: Omit<RestoreWork, 'journal' | 'refused' | 'listsAfterwards'>;
}

/** Says what an undo would do, lists it, and changes nothing. Errors are the store's own. */
export async function tellUndo({ report, kept, work }: Undo): Promise<InstantResult> {
  const lists = {
    planned: createKeyList(join(kept, 'planned.ndjson')),
    changedSince: createKeyList(join(kept, 'changed-since.ndjson')),
  };
  try {
    const plan = await planUndo(report, work, lists);
    const { promote, hide, already } = plan;
    const parts = [
      ...(promote.keys > 0
        ? [`${counted(promote.keys, 'key')} to promote (${renderBytes(promote.bytes)})`]
        : []),
      ...(hide.keys > 0 ? [`${counted(hide.keys, 'key')} to hide (${renderBytes(hide.bytes)})`] : []),
      ...(already > 0 ? [`${already} as before already`] : []),
    ];
    const words = parts.length === 0 ? 'there is nothing to undo' : parts.join(', ');
    work.report.note(`dry run, nothing was changed: to undo ${report.name}: ${words}`);
    const { changedSince } = lists;
    if (changedSince.count > 0)
      work.report.warn(`${describeChanged(changedSince)}; an undo leaves such keys alone, and fails`);
    const facts = { undone: report.name, dryRun: true, ...plan, changedSince: told(changedSince) };
    return { changes: join(kept, 'planned.ndjson'), changed: 0, bytes: 0, facts };
  } finally {
    await Promise.all([lists.planned.close(), lists.changedSince.close()]);
  }
}

/**
 * Does the reverse of a report. `onReport` is given the undo's own report, also when some keys were left alone.
 * @throws Failure `check-failed` for keys that somebody changed since, `repository-*`
 */
export async function undoReport(
  { report, header, kept, work }: Undo,
  onReport: (path: string) => Promise<void>,
): Promise<InstantResult> {
  const refused = createKeyList(join(kept, 'refused.ndjson'));
  const changedSince = createKeyList(join(kept, 'changed-since.ndjson'));
  const journal = await openChangeJournal(kept, header);
  try {
    const own = { ...work, journal, refused, listsAfterwards: false };
    await settleBegun(own);
    await report.end();
    const sums = await undoChanges(report, own, changedSince);
    await Promise.all([refused.close(), changedSince.close()]);
    const changes = await journal.finish({ whole: refused.count + changedSince.count === 0 });
    await onReport(changes);
    const facts = {
      undone: report.name,
      ...sums,
      access: work.access.sums,
      changes,
      refused: told(refused),
      changedSince: told(changedSince),
    };
    for (const warning of accessWarnings(work.access.sums)) work.report.warn(warning);
    work.report.note(`undone ${report.name}: ${describeSums(sums)}${accessWords(work.access.sums)}`);
    if (refused.count + changedSince.count > 0) throw notUndone(refused, changedSince, { uploads: facts });
    return { changes, changed: changesOf(sums), bytes: sums.bytes, facts };
  } finally {
    await Promise.all([refused.close(), changedSince.close()]);
    await journal.close();
  }
}

function notUndone(
  refused: KeyList,
  changedSince: KeyList,
  facts: Readonly<Record<string, unknown>>,
): Failure {
  const parts = [
    ...(changedSince.count === 0 ? [] : [`${describeChanged(changedSince)}; left alone`]),
    ...(refused.count === 0
      ? []
      : [`the store refused ${counted(refused.count, 'key')}: ${nameKeys(refused.first, refused.count)}`]),
  ];
  return new Failure(changedSince.count > 0 ? 'check-failed' : 'repository-denied', parts.join('; '), {
    hint: "All others are as they were before; these are listed in the run's kept folder.",
    facts,
  });
}

function describeChanged({ count, first }: KeyList): string {
  return `${counted(count, 'key was', 'keys were')} changed by somebody since: ${nameKeys(first, count)}`;
}
