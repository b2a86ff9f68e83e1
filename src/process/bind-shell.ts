import type { Socket } from 'node:net';
import type { Writable } from 'node:stream';
import * as zxCore from 'zx/core';
import type { LogEntry, Options, Shell as Zx } from 'zx/core';
import { Failure } from '../base/failure.ts';
import type { CommandHost } from './command-host.ts';
import { drained } from './drain.ts';
import { builtEnvironment } from './environment.ts';
import { splitLines, type LineSplitter } from './lines.ts';
import { signalGroup } from './process-groups.ts';
import type { Shell } from './shell.ts';
import { overran as overranFailure, programFailure } from './stage-status.ts';
import { endGroup, spawnForShell, type StartedGroup } from './started-group.ts';

/** What one command may print, bytes: zx keeps all of it. */
const mostBytes = 16 * 1024 * 1024;

let isReady = false;

/** zx, made to keep the rules of this room when it is first used: the built program reads its code only then. */
function readyZx(): typeof zxCore {
  if (isReady) return zxCore;
  isReady = true;
  bindPipes(zxCore);
  noteLimits(zxCore);
  endUnusedInput(zxCore);
  // Of zx's own it looks for children by `ps`; ours lead their groups.
  zxCore.$.kill = async (pid, signal = 'SIGTERM') => {
    if (signal === limitSignal) overran.add(Number(pid));
    if (signal === 'SIGTERM' || signal === limitSignal) await endGroup(Number(pid));
    else signalGroup(Number(pid), signal);
  };
  return zxCore;
}

/** What zx is told to send at a command's own limit: known by it, the command ends as any other that is ended. */
const limitSignal = 'SIGALRM';
/** Processes that were ended at their own limit. */
const overran = new Set<number>();
/** How their commands failed, with the limits in milliseconds. */
const limits = new WeakMap<object, number>();

/** What we know of zx's ProcessPromise besides what it declares. */
interface Started extends Promise<unknown> {
  readonly pid: number | undefined;
  readonly child: StartedGroup['child'] | undefined;
  readonly _stdin: Writable;
  readonly _snapshot: { readonly timeout?: unknown; readonly input?: unknown };
}

/** zx says of a command that ran too long only by which signal it died. */
function noteLimits({ ProcessPromise }: typeof zxCore): void {
  const prototype = ProcessPromise.prototype as unknown as {
    timeout: (this: Started, limit: unknown, signal: string) => unknown;
  };
  const { timeout } = prototype;
  prototype.timeout = function (limit) {
    this.catch((error: unknown) => {
      const limitMs = Number(this._snapshot.timeout);
      if (this.pid !== undefined && overran.delete(this.pid)) limits.set(error as object, limitMs);
    });
    return timeout.call(this, limit, limitSignal);
  };
}

/** zx leaves the input of a command open; one that nothing is piped or written to at once is to find its end. */
function endUnusedInput({ ProcessPromise }: typeof zxCore): void {
  const prototype = ProcessPromise.prototype as unknown as { run: (this: Started) => unknown };
  const { run } = prototype;
  prototype.run = function () {
    setImmediate(() => {
      const { _stdin: piped, _snapshot: options, child } = this;
      const written = child?.stdin as Socket | null | undefined;
      // zx itself pipes one stream into the command.
      const isFed = piped.listenerCount('unpipe') > 0 || (written?.listenerCount('unpipe') ?? 0) > 1;
      const isWritten = (written?.writableLength ?? 0) + (written?.bytesWritten ?? 0) > 0;
      if (options.input === undefined && !isFed && !isWritten) piped.end();
    });
    return run.call(this);
  };
}

/** In the options of a bound `$`: these options themselves. */
const own = Symbol('options');

/**
 * zx starts the right side of `.pipe`…`` by its global `$`, which knows no attempt: no group, no environment of ours, the
 * folder in which zx was loaded. It gets what the left side's `$` was bound to.
 */
function bindPipes({ $, ProcessPromise, within }: typeof zxCore): void {
  const prototype = ProcessPromise.prototype as unknown as {
    _pipe: (this: { readonly _snapshot: { readonly [own]?: object } }, ...words: unknown[]) => unknown;
  };
  const { _pipe: pipe } = prototype;
  prototype._pipe = function (...words) {
    return within(() => {
      const options = this._snapshot[own];
      Object.assign($, options, { [own]: options });
      return pipe.apply(this, words);
    });
  };
}

/** zx's `$` of an attempt; `onStart` hears of every process that it starts. */
export function bindShell(host: CommandHost, onStart: (group: StartedGroup) => void = () => undefined): Zx {
  const { $, quote } = readyZx();
  const environment = builtEnvironment(host);
  const options = {
    shell: 'bash',
    quote,
    // On the script's first line, so that bash counts lines as the operator does.
    prefix: 'set -euo pipefail; ',
    postfix: '',
    cwd: host.cwd,
    env: environment,
    detached: true,
    preferLocal: false,
    quiet: false,
    verbose: false,
    log: tellLines(host),
    spawn: spawnForShell({ environment, cwd: host.cwd, groups: host.groups }, (group) => {
      watch(group, host);
      onStart(group);
    }),
    spawnSync: () => {
      throw new TypeError('a command that is not awaited cannot be ended with its step: use await $`…`');
    },
  };
  return $({ ...options, [own]: options } as Partial<Options>);
}

/** The same as tasks know it. */
export function shellOf(host: CommandHost): Shell {
  return heeded(bindShell(host));
}

/**
 * A command whose failure a task has not come to yet, as when the attempt is ended, must not end run-plan as an unhandled
 * rejection; whoever awaits it still gets the failure.
 */
function heeded(shell: Zx): Shell {
  return new Proxy(shell, {
    apply: (target, self, words) => {
      const made: unknown = Reflect.apply(target, self, words);
      if (typeof made === 'function') return heeded(made as Zx);
      (made as Promise<unknown>).catch(() => undefined);
      return made;
    },
  });
}

/** Bytes are life; more than is kept ends the command; all ends with the attempt. */
function watch(group: StartedGroup, host: CommandHost): void {
  const signal = host.signal();
  const end = (): void => {
    group.kill().catch(() => undefined);
  };
  signal.addEventListener('abort', end, { once: true });
  if (signal.aborted) end();
  group.ended
    .finally(() => {
      signal.removeEventListener('abort', end);
    })
    .catch(() => undefined);
  // A command may end before it has read what another one pipes to it.
  group.child.stdin?.on('error', () => undefined);
  let bytes = 0;
  for (const stream of [group.child.stdout, group.child.stderr] as (Socket | null)[]) {
    if (stream !== null) drained(stream, group.ended).catch(() => undefined);
    stream?.on('data', (chunk: Buffer) => {
      host.onLife();
      if (bytes <= mostBytes && bytes + chunk.length > mostBytes) {
        host.onOutput(
          'stderr',
          `run-plan: ended a command that printed more than ${String(mostBytes)} bytes`,
        );
        end();
      }
      bytes += chunk.length;
    });
  }
}

/** What zx would print goes into the record: lines of standard error, and of output where it is verbose. */
function tellLines(host: CommandHost): (entry: LogEntry) => void {
  const splitters = new Map<string, LineSplitter>();
  const splitterOf = (stream: 'stdout' | 'stderr', id: string): LineSplitter => {
    const key = `${stream} ${id}`;
    const known =
      splitters.get(key) ??
      splitLines(host.redact, (line) => {
        host.onOutput(stream, line);
      });
    splitters.set(key, known);
    return known;
  };
  // zx ends a last line after the command's end.
  const ended = new Set<string>();
  return (entry) => {
    if (!('id' in entry) || ended.has(entry.id)) return;
    if ((entry.kind === 'stdout' || entry.kind === 'stderr') && entry.verbose)
      splitterOf(entry.kind, entry.id).write(entry.data);
    if (entry.kind !== 'end') return;
    ended.add(entry.id);
    for (const stream of ['stdout', 'stderr'] as const) {
      splitters.get(`${stream} ${entry.id}`)?.end();
      splitters.delete(`${stream} ${entry.id}`);
    }
  };
}

/** A command's bad end that a task let pass, as a Failure with its last words; anything else as it is. */
export function asCommandFailure(error: unknown, redact: (text: string) => string): unknown {
  if (!isReady || !(error instanceof zxCore.ProcessOutput)) return error;
  const { exitCode, signal, stderr, cause } = error;
  if (cause instanceof Failure) return cause;
  const limitMs = limits.get(error);
  if (limitMs !== undefined) return overranFailure('a command', limitMs);
  // Node gives the system's error, below 0, as the exit code of what did not start.
  if ((exitCode ?? -1) < 0 && signal === null)
    return new Failure('command-failed', `a command could not be started: ${cause?.message ?? ''}`, {
      hint: 'see that the folder of its cwd exists',
      cause,
    });
  // With both, another command of the pipe ended so, and zx ended this one.
  const status = { code: exitCode, signal: exitCode === null ? signal : null };
  return programFailure('a command', status, redact(stderr).trimEnd().split('\n'));
}
