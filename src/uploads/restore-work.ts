import type { Clock } from '../base/clock.ts';
import { counted } from '../base/quantity/counted.ts';
import type { S3 } from '../s3/client.ts';
import { usualCopyLimits, type CopyLimits } from '../s3/copy.ts';
import type { Reporter, TaskContext } from '../task/contract.ts';
import type { ChangeJournal } from './change-journal.ts';
import { createAccessKeeper, type AccessKeeper } from './keep-access.ts';
import type { KeyList } from './refused-keys.ts';

/** What everything that changes a bucket works with. */
export interface RestoreWork {
  /** Asked at a pace that the store can bear. */
  readonly store: S3;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly report: Reporter;
  /** Keys at a time. */
  readonly lanes: number;
  readonly limits: CopyLimits;
  /** Gives copies what no store copies. */
  readonly access: AccessKeeper;
  readonly journal: ChangeJournal;
  readonly refused: KeyList;
  /** A listing afterwards tells which versions were made, so that a store that does not is not asked for each. */
  readonly listsAfterwards: boolean;
}

/** What came of it. */
export interface RestoreSums {
  promoted: number;
  hidden: number;
  copied: number;
  /** Were there already, from an earlier run that was interrupted, or by chance. */
  already: number;
  /** Left as they are because their state then is not known. */
  skipped: number;
  bytes: number;
}

/** Work for a task's attempt; the journal and the refused keys come with what is done. */
export function openWork(
  context: Pick<TaskContext, 'clock' | 'signal' | 'report'>,
  store: S3,
  lanes: number,
): Omit<RestoreWork, 'journal' | 'refused' | 'listsAfterwards'> {
  const { clock, signal, report } = context;
  const onSlowDown = (atATime: number): void => {
    report.note(`the store asks for less: ${counted(atATime, 'request')} at a time`);
  };
  const paced = store.paced({ most: lanes, onSlowDown });
  const access = createAccessKeeper(clock);
  return { store: paced, clock, signal, report, lanes, limits: usualCopyLimits, access };
}

export function noSums(): RestoreSums {
  return { promoted: 0, hidden: 0, copied: 0, already: 0, skipped: 0, bytes: 0 };
}

export function changesOf({ promoted, hidden, copied }: RestoreSums): number {
  return promoted + hidden + copied;
}
