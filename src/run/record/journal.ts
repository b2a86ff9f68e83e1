import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { Failure } from '../../base/failure.ts';
import type { EventSink, RunEvent } from './event.ts';
import { makeStateFolder } from '../../base/state-folder.ts';
import { keptLines } from './fold-step.ts';

/** A run's events on disk as they happen, one JSON object a line, appended only. */
export interface Journal extends EventSink {
  /**
   * Opens the file (0600) and writes what was handed in so far, on disk before this returns. A run that never begins
   * (its plan is locked) is written as a whole when it closes, so that nobody takes it for an interrupted one.
   */
  begin(): void;
  /** The first thing that could not be written. The journal never throws: a full disk must not end a backup. */
  failure(): Failure | undefined;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Prepares a journal; the file must not exist yet. */
export function openJournal(file: string): Journal {
  const limit = limitOutput();
  let waiting = '';
  let descriptor: number | undefined;
  let failure: Failure | undefined;
  let isCut = false;

  function attempt(action: () => void): void {
    try {
      action();
    } catch (error) {
      failure ??= unwritable(file, error);
    }
  }

  function begin(): void {
    if (descriptor !== undefined) return;
    attempt(() => {
      makeStateFolder(dirname(file));
      descriptor = openSync(file, 'ax', 0o600);
      syncFolder(dirname(file));
      append(waiting);
      waiting = '';
    });
    sync();
  }

  function append(text: string): void {
    if (descriptor === undefined) return;
    // After a full disk the last line may be cut; what follows must not become part of it.
    const bytes = Buffer.from(isCut ? `\n${text}` : text);
    isCut = true;
    for (let at = 0; at < bytes.length;) at += writeSync(descriptor, bytes, at);
    isCut = false;
  }

  function sync(): void {
    attempt(() => {
      if (descriptor !== undefined) fsyncSync(descriptor);
    });
  }

  async function close(): Promise<void> {
    begin();
    sync();
    const open = descriptor;
    if (open === undefined) return;
    // Nothing is written any more; a second close finds nothing to do.
    descriptor = -1;
    if (open >= 0)
      attempt(() => {
        closeSync(open);
      });
    await Promise.resolve();
  }

  return {
    begin,
    handle: (event) => {
      // Progress is for people who watch; thousands of lines of it tell a reader nothing.
      if (event.type === 'step-progress') return;
      const text = limit.admit(event).map(lineOf).join('');
      if (descriptor === undefined) waiting += text;
      else
        attempt(() => {
          append(text);
        });
      if (event.type === 'run-finished') sync();
    },
    failure: () => failure,
    close,
    [Symbol.asyncDispose]: close,
  };
}

function lineOf(event: RunEvent): string {
  return `${JSON.stringify(event)}\n`;
}

/** Makes the file's name itself durable. */
function syncFolder(folder: string): void {
  const descriptor = openSync(folder, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function unwritable(file: string, cause: unknown): Failure {
  if (cause instanceof Failure) return cause;
  const { code, message } = cause as NodeJS.ErrnoException;
  const what = code === 'ENOSPC' ? 'no space is left' : (code ?? message);
  return new Failure('record-not-stored', `the journal ${file} could not be written: ${what}`, {
    hint: 'make room in the state folder; the run itself went on',
    cause,
  });
}

type StepOutput = Extract<RunEvent, { type: 'step-output' }>;

/** Characters of one step's output that a journal takes as they come. */
const freely = 2 * 1024 * 1024;

/** Characters of an event beside its line: many short lines fill a disk as well. */
const aroundLine = 100;

/**
 * Keeps a talkative step from filling the disk: the first 2 Mi characters of its output pass as they come, so that a
 * killed run's last words are in its journal; after that only the last 200 lines are held until the step ends.
 */
export interface OutputLimit {
  /** The events to write now. */
  admit(event: RunEvent): readonly RunEvent[];
}

function limitOutput(): OutputLimit {
  const written = new Map<string, number>();
  const held = new Map<string, StepOutput[]>();

  function hold(event: StepOutput): readonly RunEvent[] {
    const size = written.get(event.step) ?? 0;
    if (size < freely) {
      written.set(event.step, size + event.line.length + aroundLine);
      return [event];
    }
    const lines = held.get(event.step) ?? [];
    lines.push(event);
    if (lines.length > keptLines) lines.shift();
    held.set(event.step, lines);
    return [];
  }

  return {
    admit: (event) => {
      if (event.type === 'step-output') return hold(event);
      if (event.type !== 'step-finished') return [event];
      const lines = held.get(event.step) ?? [];
      held.delete(event.step);
      return [...lines, event];
    },
  };
}
