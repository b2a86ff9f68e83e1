import { defined } from '../../base/defined.ts';
import { table, type Block } from '../../base/terminal/blocks.ts';
import { quiet, status, strong } from '../../base/terminal/status.ts';
import type { Text } from '../../base/terminal/text.ts';
import { systemClock } from '../../base/clock.ts';
import { examine } from '../../check/doctor/examine.ts';
import type { Finding, CheckState } from '../../check/check.ts';
import { watchSignals } from '../../run/signals.ts';
import { exitCode, type ExitCode } from '../../base/exit-code.ts';
import { createCommands } from '../../process/create-commands.ts';
import { createProcessGroups } from '../../process/process-groups.ts';
import { exit } from '../exit.ts';
import { print, printJson, type CommandHost } from '../../task/host.ts';
import { choosePatient } from '../../check/doctor/choose-patient.ts';
import { loadPlans, type Plans } from '../../task/plans.ts';
import { stateFolderOf } from '../../task/state.ts';

export interface DoctorOptions {
  readonly fresh?: true | undefined;
  readonly json?: true | undefined;
  readonly config?: string | undefined;
}

/**
 * Looks at everything that plans need here and tells how it is, with what to do. Exits 11 when something fails: a plan
 * that needs it would end so, too. Without `--fresh` nothing is written but a file in the state folder, at once removed.
 */
export async function doctorCommand(
  host: CommandHost,
  name: string | undefined,
  options: DoctorOptions,
): Promise<ExitCode> {
  const plans = await loadPlans(host, options.config);
  const written = yamlFindings(plans);
  const { patient, unusable } = choosePatient(plans, name);
  const groups = createProcessGroups();
  const signals = watchSignals((code) => {
    groups.killAll();
    void exit(code);
  });
  const { commands, end } = createCommands({
    signal: () => signals.cancel,
    redact: (text) => host.redactor.redact(text),
    groups,
    inherited: host.environmentVariables,
    cwd: host.workingFolder,
    onLife: () => undefined,
    onOutput: () => undefined,
  });
  try {
    const instruments = {
      ...defined({ settingsFile: plans.settings.file }),
      stateFolder: stateFolderOf(plans.settings, host.environmentVariables),
      secrets: plans.secrets,
      commands,
      searchPath: host.environmentVariables['PATH'],
      clock: systemClock,
      fresh: options.fresh === true,
    };
    const seen = await examine(patient, instruments, signals.cancel);
    const findings = bySubject([...written, ...seen, ...unusable]);
    if (options.json === true) printJson(host, findings);
    else print(host, ...findingBlocks(findings));
    return findings.some(({ state }) => state === 'fail') ? exitCode.notReady : exitCode.done;
  } finally {
    await end();
    signals.stop();
  }
}

/** Whatever the YAML itself gets wrong: `validate` tells all of it. */
function yamlFindings({ problems, workspace }: Plans): readonly Finding[] {
  const subject = 'plans';
  const errors = problems.filter(({ severity }) => severity === 'error');
  const [first] = errors;
  if (first === undefined) {
    const count = workspace.planFiles.size;
    if (count > 0) return [{ subject, what: 'yaml', state: 'ok', found: `${String(count)} read` }];
    const hint = 'run this where run-plan.yaml or the folder plans/ is, or name the settings with --config';
    return [{ subject, what: 'yaml', state: 'fail', found: 'there are no plans here', hint }];
  }
  const { file, line, column, message } = first;
  return [
    {
      subject,
      what: 'yaml',
      state: 'fail',
      found: errors.length === 1 ? message : `${String(errors.length)} errors, the first: ${message}`,
      hint: 'run-plan validate shows every problem',
      where: `${file}:${String(line)}:${String(column)}`,
    },
  ];
}

/** Subjects in the order in which they first appear, each with all that was found of it. */
function bySubject(findings: readonly Finding[]): readonly Finding[] {
  return [...Map.groupBy(findings, ({ subject }) => subject).values()].flat();
}

const marks: Readonly<Record<CheckState, string>> = { ok: 'ok', warn: 'WARN', fail: 'FAIL' };

/** A table for each subject, what to do below each finding that is not fine, and the sum of it. */
function findingBlocks(findings: readonly Finding[]): readonly Block[] {
  const tables = [...Map.groupBy(findings, ({ subject }) => subject)].flatMap(([subject, of]) => [
    strong(subject),
    table([{ title: '' }, { title: 'WHAT' }, { title: 'FOUND' }], of.flatMap(findingRows)),
    '',
  ]);
  const count = (state: CheckState): number => findings.filter((each) => each.state === state).length;
  const sum = `${String(count('ok'))} ok, ${String(count('warn'))} to look at, ${String(count('fail'))} failed`;
  return [...tables, sum];
}

function findingRows({ what, state, found, hint, where }: Finding): readonly (readonly Text[])[] {
  return [
    [status(marks[state]), what, found],
    ...(where === undefined ? [] : [['', '', quiet(`at ${where}`)]]),
    ...(hint === undefined ? [] : [['', '', `→ ${hint}`]]),
  ];
}
