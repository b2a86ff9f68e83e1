import { askProgram } from '../../process/ask.ts';
import { systemdVariables, type Variables } from '../../process/environment.ts';

/** How the unit of a plan ended, by systemd. */
export interface FailedUnit {
  readonly plan: string;
  /** systemd's id of that start. */
  readonly invocation: string | undefined;
  /** `exit-code`, `timeout`, `signal`, `oom-kill`, `start-limit-hit`, …; undefined where systemd cannot be asked. */
  readonly result: string | undefined;
  /** A number, or the name of a signal. */
  readonly status: string | undefined;
  readonly startedAt: Date | undefined;
  /** The last lines of its journal, not redacted yet. */
  readonly lines: readonly string[];
}

/** For each question, milliseconds and bytes. */
const askMs = 5000;
const mostBytes = 256 * 1024;
const journalLines = 30;

const properties = ['InvocationID', 'Result', 'ExecMainStatus', 'ExecMainStartTimestamp'];

/**
 * What systemd says of a plan's unit: what it handed over (MONITOR_…, since systemd 251), otherwise asked. Asks nobody
 * for longer than a few seconds; what cannot be had is left out.
 */
export async function lookAtUnit(plan: string, variables: Variables): Promise<FailedUnit> {
  // Set for what an account's own systemd starts.
  const scope = variables['MANAGERPID'] === undefined ? [] : ['--user'];
  const shown = await ask(
    'systemctl',
    [...scope, 'show', `--property=${properties.join(',')}`, '--', `run-plan@${plan}.service`],
    variables,
  );
  const values = new Map(
    shown.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );
  const value = (handed: string, asked: string): string | undefined =>
    [variables[handed], values.get(asked)].find((text) => text !== undefined && text !== '');
  const invocation = value('MONITOR_INVOCATION_ID', 'InvocationID');
  const startedAt = timeOf(values.get('ExecMainStartTimestamp') ?? '');
  return {
    plan,
    invocation,
    result: value('MONITOR_SERVICE_RESULT', 'Result'),
    status: value('MONITOR_EXIT_STATUS', 'ExecMainStatus'),
    startedAt,
    lines: invocation === undefined ? [] : await journalOf(invocation, variables),
  };
}

/** What the unit's processes said, and what systemd said of it. */
function journalOf(invocation: string, variables: Variables): Promise<readonly string[]> {
  const fields = ['_SYSTEMD_INVOCATION_ID', 'INVOCATION_ID', 'USER_INVOCATION_ID'];
  const matches = fields.flatMap((field, index) => [...(index > 0 ? ['+'] : []), `${field}=${invocation}`]);
  const words = ['--no-pager', '--quiet', '--output=cat', `--lines=${String(journalLines)}`, ...matches];
  return ask('journalctl', words, variables);
}

/** A program's lines; none when it fails. */
async function ask(
  program: string,
  words: readonly string[],
  variables: Variables,
): Promise<readonly string[]> {
  const { status, stdout } = await askProgram(program, words, {
    inherited: variables,
    environment: systemdVariables(variables),
    timeoutMs: askMs,
    largestBytes: mostBytes,
  });
  const lines = stdout.toString('utf8').split('\n');
  return status?.code === 0 ? lines.filter((line) => line.trim() !== '') : [];
}

/** `Tue 2026-11-24 02:00:00 UTC`. */
function timeOf(text: string): Date | undefined {
  const match = /(?<day>\d{4}-\d\d-\d\d) (?<time>\d\d:\d\d:\d\d)/.exec(text);
  return match?.groups === undefined
    ? undefined
    : new Date(`${match.groups['day'] ?? ''}T${match.groups['time'] ?? ''}Z`);
}
