import { defined } from '../../base/defined.ts';
import { Failure } from '../../base/failure.ts';
import { askProgram, type ProgramAnswer } from '../../process/ask.ts';
import { systemdVariables, type Variables } from '../../process/environment.ts';
import type { UnitScope } from './unit-scope.ts';

/** What systemd says of one unit. Times are null for never. */
export interface UnitState {
  readonly name: string;
  /** `loaded`, `not-found`, `masked`, `bad-setting`, `error`. */
  readonly load: string;
  /** `active`, `inactive`, `activating`, `failed`. */
  readonly active: string;
  /** `enabled`, `disabled`; empty for units that are started by others. */
  readonly enabled: string;
  /** The files have changed since systemd read them. */
  readonly needsReload: boolean;
  /** Of the last run: `success`, `exit-code`, `timeout`, `signal`. */
  readonly result: string;
  readonly exitStatus: number | null;
  readonly startedAt: Date | null;
  readonly endedAt: Date | null;
  readonly nextElapseAt: Date | null;
  readonly lastTriggerAt: Date | null;
}

/** The systemd of this host, or of this account. */
export interface Systemctl {
  /** States by unit; or why systemd cannot be asked. */
  states(units: readonly string[]): Promise<ReadonlyMap<string, UnitState> | { readonly absent: string }>;
  /** @throws Failure `command-failed` */
  run(words: readonly string[]): Promise<void>;
}

/** Starting a timer is quick; a systemd that does not answer for this long does not answer. Milliseconds. */
const limitMs = 30_000;
/** Units asked for at once. */
const together = 200;
const properties = [
  ...['Id', 'LoadState', 'ActiveState', 'UnitFileState', 'NeedDaemonReload', 'Result', 'ExecMainStatus'],
  ...['ExecMainStartTimestamp', 'ExecMainExitTimestamp', 'NextElapseUSecRealtime', 'LastTriggerUSec'],
];

interface Answer {
  readonly problem?: string;
  readonly stdout: string;
}

export function createSystemctl(scope: Pick<UnitScope, 'kind'>, variables: Variables): Systemctl {
  const ask = (words: readonly string[]): Promise<Answer> =>
    systemctl(
      [...(scope.kind === 'user' ? ['--user'] : []), '--no-pager', '--no-ask-password', ...words],
      variables,
    );
  return {
    states: async (units) => {
      const states = new Map<string, UnitState>();
      for (let at = 0; at < units.length; at += together) {
        const words = ['show', `--property=${properties.join(',')}`, '--', ...units.slice(at, at + together)];
        const { problem, stdout } = await ask(words);
        if (problem !== undefined) return { absent: problem };
        for (const state of parseStates(stdout)) states.set(state.name, state);
      }
      return states;
    },
    run: async (words) => {
      const { problem } = await ask(words);
      if (problem === undefined) return;
      throw new Failure('command-failed', `systemctl ${words.join(' ')} failed: ${problem}`, {
        hint: 'journalctl -b tells more; a second apply goes on where this one stopped',
      });
    },
  };
}

async function systemctl(words: readonly string[], variables: Variables): Promise<Answer> {
  const answer = await askProgram('systemctl', words, {
    inherited: variables,
    environment: systemdVariables(variables),
    timeoutMs: limitMs,
    largestBytes: 16 * 1024 * 1024,
  });
  const problem = problemOf(answer);
  return { stdout: answer.stdout.toString('utf8'), ...defined({ problem }) };
}

function problemOf({ status, stderr, trouble }: ProgramAnswer): string | undefined {
  if (trouble instanceof Failure)
    return trouble.code === 'tool-missing' ? 'there is no systemctl here' : trouble.message;
  if (trouble !== undefined) return `no answer within ${String(limitMs / 1000)} s`;
  if (status?.code === 0) return undefined;
  const [line = ''] = stderr.trim().split('\n');
  return line === '' ? `exit ${String(status?.code ?? status?.signal)}` : line;
}

/** Reads `systemctl show` of several units: blocks of `Key=value` with an empty line between them. */
export function parseStates(text: string): readonly UnitState[] {
  return text
    .split(/\n\n+/)
    .filter((block) => block.trim() !== '')
    .map((block) => {
      const values = new Map(
        block.split('\n').map((line) => {
          const equals = line.indexOf('=');
          return [line.slice(0, equals), line.slice(equals + 1)] as const;
        }),
      );
      const value = (key: string): string => values.get(key) ?? '';
      const status = value('ExecMainStatus');
      return {
        name: value('Id'),
        load: value('LoadState'),
        active: value('ActiveState'),
        enabled: value('UnitFileState'),
        needsReload: value('NeedDaemonReload') === 'yes',
        result: value('Result'),
        exitStatus: status === '' || value('ExecMainStartTimestamp') === '' ? null : Number(status),
        startedAt: timeOf(value('ExecMainStartTimestamp')),
        endedAt: timeOf(value('ExecMainExitTimestamp')),
        nextElapseAt: timeOf(value('NextElapseUSecRealtime')),
        lastTriggerAt: timeOf(value('LastTriggerUSec')),
      };
    });
}

/** `Tue 2026-11-24 02:00:00 UTC`; empty, `n/a` and `infinity` are never. */
function timeOf(text: string): Date | null {
  const match = /(?<day>\d{4}-\d\d-\d\d) (?<time>\d\d:\d\d:\d\d)/.exec(text);
  return match?.groups === undefined
    ? null
    : new Date(`${match.groups['day'] ?? ''}T${match.groups['time'] ?? ''}Z`);
}
