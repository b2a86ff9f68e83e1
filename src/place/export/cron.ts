import { defined } from '../../base/defined.ts';
import { programPlace } from '../unit/find-program-place.ts';
import { join } from 'node:path';
import type { CronLine } from '../../language/schedule/cron-lines.ts';
import { renderScheduleEntry } from '../../language/schedule/schedule-words.ts';
import type { ProgramPlace } from '../unit/program-place.ts';
import {
  generatedMark,
  type Export,
  type ExportedPlan,
  type ExportSettings,
  type Obstacle,
} from './exported-plan.ts';
import { hostNeeds } from './host-needs.ts';
import { firingText, lineRemarks, scheduleLines } from './schedule-lines.ts';
import type { Exporter } from './schedulers.ts';
import { secretsUsed } from './secrets-used.ts';
import { shellWord } from './shell.ts';
import { variablesUsed } from './variables-used.ts';
import { commentLine } from './yaml-text.ts';

export interface CronSettings extends ExportSettings {
  readonly place: ProgramPlace;
  /** The account that runs plans, for `/etc/cron.d`; absent: lines of an account's own crontab. */
  readonly account?: string;
  /** Who gets what a failed run printed; absent: whoever the crontab belongs to. */
  readonly mailTo?: string;
}

/** Debian's cron cuts a longer line without a word. */
const longestLine = 998;

export const exporter: Exporter = ({ host, plans, exported, settings, options }) =>
  exportCron(exported, {
    ...settings,
    place: programPlace(host, plans.settings),
    ...defined({ account: options.user, mailTo: options.mailTo }),
  });

/** A complete crontab of all plans: zones by `CRON_TZ`, seasons by `--if-due`, silent unless a run fails. Pure. */
export function exportCron(plans: readonly ExportedPlan[], settings: CronSettings): Export {
  const read = plans.map((exported) => ({
    exported,
    ...scheduleLines(exported, { name: 'cron', closestMs: 60_000 }),
  }));
  const zones = [...new Set(read.flatMap(({ lines }) => lines.map(({ zone }) => zone)))];
  const rows = zones.flatMap((zone) => [
    '\n',
    `CRON_TZ=${zone}\n`,
    commentLine(
      `Says so, by mail, every day when this cron does not know CRON_TZ and fires at the host's own times.`,
    ),
    `0 12 * * * ${accountField(settings)}${escaped(zoneCheck(zone))}\n`,
    ...read.flatMap(({ exported, lines }) =>
      planRows(
        exported,
        lines.filter((line) => line.zone === zone),
        settings,
      ),
    ),
  ]);
  const obstacles = [
    ...read.flatMap((each) => each.obstacles),
    ...plans.flatMap((exported) => obstaclesOf(exported)),
    ...read.flatMap(({ exported, lines }) =>
      lines.some((line) => renderLine(exported, line, settings).length > longestLine)
        ? [
            {
              plan: exported.plan,
              message: 'its line would be longer than cron reads',
              hint: 'use shorter paths',
            },
          ]
        : [],
    ),
  ];
  const path = settings.account === undefined ? 'run-plan.crontab' : 'run-plan';
  return { files: [{ path, text: head(plans, settings) + rows.join('') }], obstacles };
}

function obstaclesOf({ plan, confirms }: ExportedPlan): readonly Obstacle[] {
  return [
    ...(plan.schedule.length === 0
      ? [{ plan, message: 'it has no schedule, so cron has nothing to do', hint: 'leave it out' }]
      : []),
    ...(confirms === undefined
      ? []
      : [
          {
            plan,
            message: `it writes to the protected environment '${confirms}', and a person must type that name`,
            hint: 'run it by hand',
          },
        ]),
  ];
}

function head(plans: readonly ExportedPlan[], settings: CronSettings): string {
  const { account, mailTo, place, version } = settings;
  const install =
    account === undefined
      ? "Install it with: crontab run-plan.crontab (that replaces the account's whole crontab)."
      : 'Install it as root: install -m 644 run-plan /etc/cron.d/run-plan';
  const variables = variableFile(settings);
  const wanted = variablesOf(plans);
  const credentials = [...new Set(plans.flatMap((exported) => secretsUsed(exported).credentials))].sort();
  const needs = [...new Set(plans.flatMap(hostNeeds))];
  return [
    `${generatedMark} cron ${version}; export it again after a change of a plan.\n`,
    commentLine(install),
    commentLine(
      'A run that fails prints, and cron mails that; one that succeeds is silent. A plan never runs twice at a time.',
    ),
    ...(wanted.length === 0
      ? []
      : [commentLine(`Needs ${variables}, mode 600, with a line NAME='value' for: ${wanted.join(' ')}`)]),
    ...(credentials.length === 0
      ? []
      : [
          commentLine(`Needs ${credentialFolder(place)}, mode 700, with the files: ${credentials.join(' ')}`),
        ]),
    ...needs.map((need) => commentLine(`Needs ${need}`)),
    'SHELL=/bin/sh\n',
    'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n',
    ...(mailTo === undefined
      ? [commentLine('MAILTO=somebody@example.com, where the mail of this account is not read (--mail-to).')]
      : [`MAILTO=${mailTo}\n`]),
  ].join('');
}

function planRows(
  exported: ExportedPlan,
  lines: readonly CronLine[],
  settings: CronSettings,
): readonly string[] {
  if (lines.length === 0) return [];
  const { plan } = exported;
  const about = plan.schedule.map((entry) => renderScheduleEntry(entry, plan.timeZone)).join('; ');
  return [
    '\n',
    commentLine(`${plan.name}: ${about}`),
    ...lines.flatMap((line) => [
      ...lineRemarks(line, settings.now).map(commentLine),
      `${renderLine(exported, line, settings)}\n`,
    ]),
  ];
}

function renderLine(exported: ExportedPlan, line: CronLine, settings: CronSettings): string {
  return `${line.fields} ${accountField(settings)}${escaped(command(exported, line, settings))}`;
}

/** The run with its output held back: cron mails whatever is printed, and only a failure is worth a mail. */
function command(exported: ExportedPlan, line: CronLine, settings: CronSettings): string {
  const { node, launcher, settingsFile, workingFolder } = settings.place;
  const words = [
    node,
    launcher,
    'run',
    exported.plan.name,
    ...(settingsFile === undefined ? [] : ['--config', settingsFile]),
    ...(line.isWider ? ['--if-due', firingText(line)] : []),
  ];
  const { variables, credentials } = secretsUsed(exported);
  const needsVariables = variables.length > 0 || variablesUsed(exported).length > 0;
  return [
    `cd ${shellWord(workingFolder)}`,
    ...(needsVariables ? [`set -a && . ${shellWord(variableFile(settings))} && set +a`] : []),
    ...(credentials.length > 0
      ? [`export CREDENTIALS_DIRECTORY=${shellWord(credentialFolder(settings.place))}`]
      : []),
    `{ told=$(${words.map(shellWord).join(' ')} 2>&1) || { status=$?; printf '%s\\n' "$told"; exit $status; }; }`,
  ].join(' && ');
}

function zoneCheck(zone: string): string {
  const text = `run-plan: this cron ignores CRON_TZ=${zone}, so plans run at other times than they say: install cronie, or use systemd (run-plan apply)`;
  return `[ "$(TZ=${zone} date +%H)" = 12 ] || echo '${text}'`;
}

/** cron takes a bare percent sign for the end of the command. */
function escaped(text: string): string {
  return text.replaceAll('%', '\\%');
}

function accountField({ account }: CronSettings): string {
  return account === undefined ? '' : `${account} `;
}

function variableFile({ place }: CronSettings): string {
  return join(place.workingFolder, 'environment');
}

function credentialFolder(place: ProgramPlace): string {
  return join(place.workingFolder, 'credentials');
}

function variablesOf(plans: readonly ExportedPlan[]): readonly string[] {
  const names = plans.flatMap((exported) => [
    ...secretsUsed(exported).variables,
    ...variablesUsed(exported).map(({ name }) => name),
  ]);
  return [...new Set(names)].sort();
}
