import { defined } from '../base/defined.ts';
import type { Readable } from 'node:stream';
import { killOnAbort } from '../artifact/store-dump.ts';
import type { DumpListing } from '../postgres/dump-listing.ts';
import type { HarmlessMessage, SetAsideMessage } from '../postgres/restore-messages.ts';
import { restoreStage, type RestoreCommand, type RestorePass } from '../postgres/restore-command.ts';
import { failureOfRestore, isOfOneObject } from '../postgres/restore-failure.ts';
import type { RestoreProgress } from '../postgres/restore-progress.ts';
import type { Commands, Stage } from '../process/commands.ts';
import type { Timeline } from './timeline.ts';
import { ownFailure } from './verified-source.ts';

/** What every way of loading a dump works with. */
export interface Load {
  readonly commands: Commands;
  readonly signal: AbortSignal;
  /** A private folder, empty at first. */
  readonly folder: string;
  readonly command: RestoreCommand;
  readonly jobs: number;
  readonly listing: DumpListing;
  readonly timeline: Timeline;
  /** Told each number of bytes that came out of the repository. */
  readonly onBytes: (bytes: number) => void;
  /** The sum of them so far. */
  readonly bytesRead: () => number;
  /** What is being done now, in a few words. */
  readonly onPhase: (text: string) => void;
  /** Which way the dump is loaded, in a sentence. */
  readonly onWay: (text: string) => void;
  /** The rows of every table and large object are there; what follows can be repeated. */
  readonly onLoaded: () => Promise<void>;
  /** Where pg_restore's harmless errors are collected. */
  readonly harmless: HarmlessMessage[];
  /** Where those are collected after which the restore went on. */
  readonly setAside: SetAsideMessage[];
}

/** What follows an error's first line (statement, object) comes within this time, milliseconds. */
const lastWordsMs = 300;

export interface PassOptions {
  /** Goes into the first stage. */
  readonly input?: Readable;
  /** Before pg_restore in the pipe: decrypt, decompress. */
  readonly before?: readonly Stage[];
  readonly progress?: RestoreProgress;
  /** Ends the pass early. */
  readonly signal?: AbortSignal;
}

/**
 * Runs pg_restore once. It is ended at the first error that is neither known to be harmless nor of one
 * object alone; in one transaction, at the first of those too.
 * @throws Failure of the restore (`restore-failed` and the like), of the input, `command-failed`; the signal's reason
 */
export async function runPass(load: Load, pass: RestorePass, options: PassOptions = {}): Promise<void> {
  const broken = new AbortController();
  const signal = AbortSignal.any([
    load.signal,
    broken.signal,
    ...(options.signal === undefined ? [] : [options.signal]),
  ]);
  const { singleTransaction, selection } = load.command;
  // Rows alone go into tables that are somebody's already: there nothing is tried twice.
  const mayGoOn = !singleTransaction && selection.contents !== 'data-only';
  const { stage, messages } = restoreStage(load.command, pass, {
    onError: () => {
      setTimeout(() => {
        messages.end();
      }, lastWordsMs).unref();
    },
    setsAside: (message) => mayGoOn && isOfOneObject(message),
    onHarmful: () => {
      broken.abort();
    },
    ...defined({ progress: options.progress }),
  });
  const pipe = load.commands.pipe(
    [...(options.before ?? []), stage],
    options.input === undefined ? {} : { input: options.input },
  );
  pipe.output.on('error', () => undefined).resume();
  const forget = killOnAbort(pipe, signal);
  try {
    await pipe.done;
    options.progress?.end();
  } catch (error) {
    load.signal.throwIfAborted();
    messages.end();
    // What broke the input off says more than what pg_restore made of it.
    const broke = ownFailure(options.input);
    if (broke !== undefined) throw broke;
    if (messages.harmful.length > 0) throw failureOfRestore(messages.harmful, load.command.database);
    throw error;
  } finally {
    forget();
    messages.end();
    load.harmless.push(...messages.harmless);
    load.setAside.push(...messages.setAside);
  }
}
