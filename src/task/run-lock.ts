import type { RunIdentity } from './contract.ts';

/** Held so that a plan runs once at a time: on this host by the kernel, across hosts by the database. */
export interface RunLock {
  /** Aborts, with a Failure as its reason, when the lock is lost while it is held; the run is ended then. */
  readonly lost: AbortSignal;
  /** Never rejects. */
  release(): Promise<void>;
}

/** A kind of lock that a run must hold before its first step. */
export interface LockTaker {
  /** For people: `host lock`, `lock in the database cleaning`. */
  readonly name: string;
  /** Takes the lock or fails at once; it never waits for a holder. @throws Failure `locked` naming the holder where it is known */
  take(run: RunIdentity, signal: AbortSignal): Promise<RunLock>;
}
