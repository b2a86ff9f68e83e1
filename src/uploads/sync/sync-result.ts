import { shownName, type ByteText } from './byte-text.ts';

/** One file that was left out, with the reason. */
export interface NamedReason {
  readonly name: string;
  readonly reason: string;
}

/** What a sync did, or in a dry run would do. */
export interface SyncCounts {
  /** Files in the folder that take part. */
  files: number;
  /** Objects of the bucket that take part, before. */
  objects: number;
  uploaded: number;
  uploadedBytes: number;
  unchanged: number;
  deleted: number;
  /** Objects without a file that were left. */
  extras: number;
  /** Objects that were read because neither ETag nor metadata says what they hold. */
  readBack: number;
}

/** Reasons that are kept; the number of all is. */
const keptReasons = 100;

/** Names with reasons, of which the first hundred are kept. */
export interface ReasonList {
  readonly count: () => number;
  readonly kept: readonly NamedReason[];
  add(name: ByteText, reason: string): void;
}

export function createReasonList(): ReasonList {
  const kept: NamedReason[] = [];
  let count = 0;
  return {
    count: () => count,
    kept,
    add: (name, reason) => {
      count += 1;
      if (kept.length < keptReasons) kept.push({ name: shownName(name).replace(/\/$/, ''), reason });
    },
  };
}

export function emptyCounts(): SyncCounts {
  return {
    files: 0,
    objects: 0,
    uploaded: 0,
    uploadedBytes: 0,
    unchanged: 0,
    deleted: 0,
    extras: 0,
    readBack: 0,
  };
}
