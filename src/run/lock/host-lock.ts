import { truncate, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { Failure } from '../../base/failure.ts';
import { signalGroup, type ProcessGroups } from '../../process/process-groups.ts';
import { startGroup, type StartedGroup } from '../../process/started-group.ts';
import { makeStateFolder, stateFolderFailure } from '../../base/state-folder.ts';
import type { RunIdentity } from '../../task/contract.ts';
import { guardScript, lockedStatus, lockedWord } from './guard-script.ts';
import { describeHolder, readHolder, type LockHolder } from './holder.ts';
import type { LockTaker, RunLock } from '../../task/run-lock.ts';

/** How long the guard may take to end after `bye`, milliseconds. */
const byeMs = 2000;
/** How long a killed run's guard may take to end what that run left, milliseconds, and how often to look. */
const orphanMs = 5000;
const orphanPollMs = 100;

export interface HostLockOptions {
  /** The plan's lock file; its folder is made. It stays: removing it would let two runs lock two files of one name. */
  readonly file: string;
  /** Removed by the guard when run-plan is killed. */
  readonly temporaryFolder: (runId: string) => string;
  readonly groups: ProcessGroups;
  readonly host: string;
  readonly pid: number;
}

interface GuardProcess {
  readonly group: StartedGroup;
  readonly input: Writable;
  readonly output: Readable;
}

/**
 * The lock of this host: `flock` around a small bash, the guard, whose input is a pipe from us. The kernel closes the
 * pipe however run-plan ends, so that neither the lock nor a process outlives it.
 */
export function hostLock(options: HostLockOptions): LockTaker {
  return { name: 'host lock', take: (run) => takeHostLock(run, options) };
}

async function takeHostLock(run: RunIdentity, options: HostLockOptions): Promise<RunLock> {
  makeStateFolder(dirname(options.file));
  const guard = await lockedGuard(run, options);
  const holder: LockHolder = {
    runId: run.id,
    pid: options.pid,
    host: options.host,
    startedAt: run.startedAt.toISOString(),
  };
  // A full disk must not keep a backup from running: the lock holds without its holder's name.
  await writeFile(options.file, `${JSON.stringify(holder)}\n`).catch(() => undefined);
  options.groups.watch({
    started: (group) => guard.input.write(`+${String(group)}\n`),
    ended: (group) => guard.input.write(`-${String(group)}\n`),
  });
  return heldBy(guard, run, options.file);
}

/** @throws Failure `locked` naming the holder */
async function lockedGuard(run: RunIdentity, options: HostLockOptions): Promise<GuardProcess> {
  const limit = performance.now() + orphanMs;
  for (;;) {
    const guard = startGuard(run, options);
    if (await hasLocked(guard, options.file)) return guard;
    const holder = await readHolder(options.file);
    // A dead holder's guard is still ending what that run left; the lock is free in a moment.
    if (!isDead(holder, options.host) || performance.now() > limit) throw lockedBy(holder, run, options.file);
    await delay(orphanPollMs);
  }
}

function isDead(holder: LockHolder | undefined, host: string): boolean {
  if (holder?.host !== host) return false;
  try {
    process.kill(holder.pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}

function lockedBy(holder: LockHolder | undefined, run: RunIdentity, file: string): Failure {
  const who = describeHolder(holder);
  return new Failure('locked', `plan ${run.plan} is already running: ${who} holds its lock`, {
    hint: 'wait until it has ended, or end that process; the lock goes with it',
    where: file,
  });
}

function startGuard(run: RunIdentity, options: HostLockOptions): GuardProcess {
  const words = [
    '-n',
    '-E',
    String(lockedStatus),
    options.file,
    'bash',
    '--noprofile',
    '--norc',
    '-c',
    guardScript,
  ];
  const group = startGroup('flock', [...words, 'run-plan-guard', run.id, options.temporaryFolder(run.id)], {
    // Not our own outputs: whoever waits for them to close would wait for the guard.
    stdio: ['pipe', 'pipe', 'ignore'],
    cwd: '/',
    inherited: { PATH: process.env['PATH'] },
    // flock that is killed leaves the guard, which still ends what we leave.
    leavesGroup: true,
  });
  const { stdin, stdout } = group.child;
  if (stdin === null || stdout === null) throw new Error('the guard has no pipes');
  stdin.on('error', () => undefined);
  return { group, input: stdin, output: stdout };
}

/** Waits for the guard's word; false when somebody else holds the lock. @throws Failure `tool-missing`, `state-folder` */
async function hasLocked({ group, output }: GuardProcess, file: string): Promise<boolean> {
  const locked = new Promise<undefined>((resolve) => {
    output.once('data', (chunk: Buffer) => {
      if (chunk.toString().startsWith(lockedWord)) resolve(undefined);
    });
  });
  const end = await Promise.race([locked, group.ended]);
  if (end === undefined) return true;
  if (end.code === lockedStatus) return false;
  throw stateFolderFailure(file, new Error(`flock ended with ${String(end.code ?? end.signal)}`));
}

function heldBy(guard: GuardProcess, run: RunIdentity, file: string): RunLock {
  const lost = new AbortController();
  const exited = guard.group.ended;
  let isReleased = false;
  exited.then(
    () => {
      if (!isReleased) lost.abort(guardEnded(run));
    },
    () => undefined,
  );
  return {
    lost: lost.signal,
    release: async () => {
      if (isReleased) return;
      isReleased = true;
      await truncate(file).catch(() => undefined);
      guard.input.end('bye\n');
      // flock and its bash are one group.
      const timer = setTimeout(() => signalGroup(guard.group.child.pid ?? 0, 'SIGKILL'), byeMs);
      await exited;
      clearTimeout(timer);
    },
  };
}

function guardEnded(run: RunIdentity): Failure {
  return new Failure('lock-lost', `the lock of plan ${run.plan} was lost: its guard process was ended`, {
    hint: 'leave the process run-plan-guard alone while a run lasts',
  });
}
