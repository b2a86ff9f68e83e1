import { renderMoment } from '../../base/quantity/moment.ts';
import { sentence, table, type Block } from '../../base/terminal/blocks.ts';
import { status } from '../../base/terminal/status.ts';
import { resolve } from 'node:path';
import { umaskDecides, writeWhole } from '../../base/files.ts';
import { withSignOffs } from '../../tell/evidence/sign-off.ts';
import { documentFormats, type DocumentFormat } from '../../tell/evidence/formats.ts';
import { durationWords, hasRecovered, verdictWords } from '../../tell/evidence/words.ts';
import { exitCode, type ExitCode } from '../../base/exit-code.ts';
import { Failure } from '../../base/failure.ts';
import type { Plan } from '../../language/plan/plan.ts';
import type { DrillEvidence } from '../../language/generated/drill-evidence.types.ts';
import { chooseDrills, drillsOf, verifyPlans } from '../../tell/evidence/evidence-places.ts';
import { print, printJson, warnOfDamage, type CommandHost } from '../../task/host.ts';
import { loadPlans, type Plans } from '../../task/plans.ts';

export interface ReportOptions {
  readonly run?: string | undefined;
  readonly format?: DocumentFormat | undefined;
  readonly output?: string | undefined;
  readonly verify?: true | undefined;
  readonly json?: true | undefined;
  readonly config?: string | undefined;
}

/** Lists the drills, prints one drill's document as it stands today, or verifies what is kept of all of them. */
export async function reportCommand(
  host: CommandHost,
  name: string | undefined,
  options: ReportOptions,
): Promise<ExitCode> {
  const plans = await loadPlans(host, options.config);
  const chosen = chooseDrills(plans, name, options.run);
  if (options.verify === true) return verify(host, plans, chosen, options);
  if (options.run !== undefined || options.format !== undefined || options.output !== undefined)
    return printDocument(host, plans, chosen, options);
  const list = await drillsOf(host, plans, chosen);
  const drills = list.drills.map(withSignOffs);
  const { damaged } = list;
  if (options.json === true)
    printJson(host, [...drills.map(asData), ...damaged.map((damage) => ({ damaged: damage }))]);
  else print(host, drillsBlock(drills, plans, new Date()));
  warnOfDamage(host, damaged);
  return exitCode.done;
}

async function printDocument(
  host: CommandHost,
  plans: Plans,
  chosen: readonly Plan[],
  options: ReportOptions,
): Promise<ExitCode> {
  const { drills, damaged } = await drillsOf(host, plans, chosen, options.run);
  warnOfDamage(host, damaged);
  const [newest] = drills;
  if (newest === undefined) {
    const what = options.run ?? (chosen.map((plan) => plan.name).join(', ') || 'any plan');
    throw new Failure('usage', `there is no evidence of ${what}`, {
      hint: 'evidence is kept of every run of a plan that restores something; run-plan report lists it',
    });
  }
  const format = options.format ?? (options.json === true ? 'json' : 'text');
  const render = await documentFormats[format]();
  // With the sign-offs that were given since; the JSON is that of today as well.
  const document = render(withSignOffs(newest));
  if (options.output !== undefined)
    await save(resolve(host.workingFolder, options.output), host.redactor.redact(document));
  else if (format === 'text') print(host, ...documentBlocks(document));
  else host.terminal.document(document);
  return exitCode.done;
}

async function save(file: string, text: string): Promise<void> {
  try {
    await writeWhole(file, text, umaskDecides);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Failure('usage', `${file} cannot be written: ${reason}`, { where: file });
  }
}

async function verify(
  host: CommandHost,
  plans: Plans,
  chosen: readonly Plan[],
  { json }: ReportOptions,
): Promise<ExitCode> {
  const { seals, documents, findings } = await verifyPlans(host, plans, chosen);
  if (json === true) printJson(host, { seals, documents, findings });
  else {
    const lines = findings.map(
      ({ place, plan, file, problem }) => `${place}: evidence/${plan}/${file} ${problem}`,
    );
    const count = `${seals} ${seals === 1 ? 'seal' : 'seals'}, ${documents} ${documents === 1 ? 'document' : 'documents'} read`;
    const total = `${findings.length} ${findings.length === 1 ? 'finding' : 'findings'}`;
    print(
      host,
      ...lines,
      findings.length === 0 ? [status('verified'), `: ${count}`] : [status('failed', total), `: ${count}`],
    );
  }
  return findings.length === 0 ? exitCode.done : exitCode.checkFailed;
}

/** With a word where one holds a part of its database only. */
function artifactWords({ restores }: DrillEvidence): string {
  const named = restores.map(
    ({ artifact, source, artifactPartial }) =>
      `${artifact ?? source}${artifactPartial === undefined ? '' : ' (partial)'}`,
  );
  return named.join(', ') || '-';
}

function artifactsOf({ restores }: DrillEvidence): string[] {
  return restores.map(({ artifact, source }) => artifact ?? source);
}

function asData(drill: DrillEvidence): Record<string, unknown> {
  return {
    runId: drill.runId,
    plan: drill.plan,
    startedAt: drill.run.startedAt,
    verdict: drill.verdict,
    recoveryTime: drill.recoveryTime,
    recoveryPointAge: drill.recoveryPointAge,
    artifacts: artifactsOf(drill),
    forecast: drill.trend.forecast,
  };
}

/** Each line with those below it that it brings by a wrap. */
function documentBlocks(document: string): readonly Block[] {
  return document
    .trimEnd()
    .split('\n')
    .map((line) => sentence(line, { hang: /^ */.exec(line)?.[0].length ?? 0 }));
}

function drillsBlock(drills: readonly DrillEvidence[], { workspace, settings }: Plans, now: Date): Block {
  if (drills.length === 0) return 'no drills';
  const columns = [
    { title: 'RUN' },
    { title: 'STARTED', optional: true },
    { title: 'VERDICT' },
    { title: 'RECOVERY', align: 'right' },
    { title: 'RTO', align: 'right' },
    { title: 'ARTIFACT' },
    { title: 'OPEN', align: 'right' },
  ] as const;
  return table(
    columns,
    drills.map((drill) => [
      drill.runId,
      renderMoment(new Date(drill.run.startedAt), {
        now,
        timeZone: (workspace.plans.get(drill.plan) ?? settings.defaults).timeZone,
      }),
      status(drill.verdict.state, verdictWords[drill.verdict.state]),
      hasRecovered(drill.verdict.state) ? durationWords(drill.recoveryTime.durationMs) : '-',
      drill.recoveryTime.rtoMs === null ? '-' : durationWords(drill.recoveryTime.rtoMs),
      artifactWords(drill),
      drill.verdict.openSignOffs === 0 ? '0' : status('open', String(drill.verdict.openSignOffs)),
    ]),
  );
}
