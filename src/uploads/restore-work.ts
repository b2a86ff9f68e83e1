import type { Clock } from '../clock.ts';
import type { S3Store } from '../repository/s3-client.ts';
import type { Reporter } from '../task/contract.ts';
import type { ChangeJournal } from './change-journal.ts';
import type { CopyLimits } from './copy-version.ts';
import type { Pace } from './pace.ts';
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

export function noSums(): RestoreSums {
  return { promoted: 0, hidden: 0, copied: 0, already: 0, skipped: 0, bytes: 0 };
}

export function changesOf({ promoted, hidden, copied }: RestoreSums): number {
  return promoted + hidden + copied;
}
