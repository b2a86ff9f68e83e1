import { defined } from '../../base/defined.ts';
import { exitCode } from '../../base/exit-code.ts';
import type { FailureStreak } from '../../language/generated/alert-state.types.ts';
import { shortLines } from './compose-run.ts';
import { sameness } from './fold.ts';
import { timeWords, type AlertMessage } from './message.ts';
import type { FailedUnit } from './unit-look.ts';

export interface UnitKnowledge {
  readonly environment: string;
  readonly host: string;
  readonly now: Date;
  readonly streak: FailureStreak;
  /** What is wrong with the plan, as `file:line:column message`. */
  readonly problems: readonly string[];
  readonly lastGood: string | undefined;
}

/** What systemd's own exit statuses say (systemd.exec(5)), and run-plan's before a run begins. */
const meanings: Readonly<Record<string, string>> = {
  [String(exitCode.bug)]: 'a bug in run-plan',
  [String(exitCode.usage)]: 'there is no such plan, or its command line is wrong',
  [String(exitCode.planInvalid)]: 'the plan is invalid',
  [String(exitCode.notReady)]: 'an environment, a secret or a tool is missing',
  '126': 'the program may not be run',
  '127': 'the program was not found',
  '200': 'systemd could not change to its folder',
  '203': 'systemd could not start the program',
  '216': 'systemd does not know its group',
  '217': 'systemd does not know its user',
  '226': 'systemd could not set up its view of the file system',
  '238': 'systemd could not make its state folder',
  '243': 'systemd could not load its credentials',
};

const results: Readonly<Record<string, string>> = {
  timeout: 'it was stopped at its deadline',
  'oom-kill': 'the host ran out of memory',
  'start-limit-hit': 'it was started too often',
  resources: 'systemd could not set it up',
  watchdog: 'it did not answer any more',
};

/** What is told of a unit that has left no run to tell of. Pure. */
export function composeUnit(unit: FailedUnit, known: UnitKnowledge): AlertMessage {
  const { plan, invocation, lines: journal } = unit;
  const { environment, host, now, streak, problems, lastGood } = known;
  const why = whyOf(unit);
  const again = streak.count > 1;
  const times = again ? ` (${String(streak.count)} times since ${timeWords(streak.since)})` : '';
  return {
    events: ['failed'],
    severity: 'critical',
    title: `${again ? 'STILL FAILING' : 'FAILED'}: ${plan} on ${host}, its unit: ${why}${times}`,
    plan,
    environment,
    host,
    at: now.toISOString(),
    code: 'unit-failed',
    since: { at: streak.since, count: streak.count },
    ...defined({ lastGood }),
    lines: problems.length > 0 ? shortLines(problems) : shortLines(journal.slice(-8)),
    hint:
      problems.length > 0
        ? 'mend the file; run-plan validate shows every problem'
        : 'the unit ended before a run could say why; its journal may',
    commands: [
      ...(problems.length > 0 ? ['run-plan validate'] : []),
      `systemctl status run-plan@${plan}`,
      ...(invocation === undefined
        ? []
        : [`journalctl _SYSTEMD_INVOCATION_ID=${invocation} + INVOCATION_ID=${invocation}`]),
    ],
    key: sameness('failed', 'unit', why, problems[0] ?? ''),
  };
}

function whyOf({ result, status }: FailedUnit): string {
  const known = meanings[status ?? ''];
  if (result === undefined || result === 'exit-code') {
    const exit = status === undefined ? 'it failed' : `exit ${status}`;
    return known === undefined ? exit : `${known} (${exit})`;
  }
  if (result === 'signal' || result === 'core-dump') return `it was killed (${status ?? result})`;
  return `${results[result] ?? result} (${result})`;
}

/** What is told of a run that went well, and could not tell so. Pure. */
export function composeUndelivered(
  record: {
    readonly plan: string;
    readonly environment: string;
    readonly host: string;
    readonly runId: string;
  },
  undelivered: readonly string[],
  now: Date,
): AlertMessage {
  const { plan, environment, host, runId } = record;
  return {
    events: ['failed', 'warning'],
    severity: 'warning',
    title: `ALERT UNDELIVERED: ${plan} on ${host} went well, and somebody could not be told`,
    plan,
    environment,
    host,
    at: now.toISOString(),
    run: runId,
    code: 'alert-undelivered',
    lines: shortLines(undelivered),
    hint: 'find out what is wrong with the channel: the next failure may not be heard',
    commands: [`run-plan alerts test ${environment}`],
    key: 'failed alert-undelivered',
  };
}
