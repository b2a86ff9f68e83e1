import type { Clock } from '../base/clock.ts';
import { counted } from '../base/quantity/counted.ts';
import type { S3Store } from '../store/s3-client.ts';
import type { Reporter, TaskContext } from '../task/contract.ts';
import type { ChangeJournal } from './change-journal.ts';
import { usualCopyLimits, type CopyLimits } from './copy-version.ts';
import { createPace, type Pace } from './pace.ts';
import type { KeyList } from './refused-keys.ts';

/** What everything that changes a bucket works with. */
export interface RestoreWork {
  readonly store: S3Store;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly report: Reporter;
  readonly pace: Pace;
  /** Keys at a time. */
  readonly lanes: number;
  readonly limits: CopyLimits;
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
  store: S3Store,
  lanes: number,
): Omit<RestoreWork, 'journal' | 'refused' | 'listsAfterwards'> {
  const { clock, signal, report } = context;
  const onSlowDown = (atATime: number): void => {
    report.note(`the store asks for less: ${counted(atATime, 'request')} at a time`);
  };
  const pace = createPace({ clock, signal, most: lanes, random: Math.random, onSlowDown });
  return { store, clock, signal, report, pace, lanes, limits: usualCopyLimits };
}

export function noSums(): RestoreSums {
  return { promoted: 0, hidden: 0, copied: 0, already: 0, skipped: 0, bytes: 0 };
}

export function changesOf({ promoted, hidden, copied }: RestoreSums): number {
  return promoted + hidden + copied;
}
