import { type Reading } from '../../base/quantity/moment.ts';
import { exitCode, type ExitCode } from '../../base/exit-code.ts';
import { confirm } from '../confirm.ts';
import { print, printJson, type CommandHost } from '../../task/host.ts';
import { loadPlans, requireEnvironments, type Plans } from '../../task/plans.ts';
import { requestOfWish } from '../../recovery/wish.ts';
import type { RestoreFlags } from '../../recovery/wish-options.ts';
import { requireFlags } from '../../recovery/missing-flags.ts';
import { outlookAsData, outlookBlock, type Outlook } from '../../recovery/outlook.ts';
import { prepareRestore, type PreparedRestore } from '../../recovery/prepare.ts';
import { openQuestions } from '../restore-questions.ts';
import { listRestorable } from '../restorable.ts';
import { settle } from '../../recovery/settle.ts';
import { tellOutcome, watchOutcome } from '../../recovery/outcome.ts';
import { recordUnbegun } from '../../recovery/unbegun.ts';
import { formatOf, runHere } from './run.ts';
import { pipelineAsData, pipelineBlocks } from '../../run/outline.ts';

/**
 * Restores an artifact without a plan's file: what the wish does not say is asked on a terminal, then a plan named
 * `restore` is made and run like any other.
 */
export async function restoreCommand(host: CommandHost, flags: RestoreFlags): Promise<ExitCode> {
  const plans = await loadPlans(host, flags.config);
  requireEnvironments(plans);
  if (flags.list === true) return listRestorable(host, plans, flags);
  // Wishes that contradict each other do so whatever is answered.
  requestOfWish(flags, host.environmentVariables);
  const questions = flags.json === true ? undefined : openQuestions(host);
  if (questions === undefined) requireFlags(plans, flags);
  const unbegun = { host, plans, wish: flags, isAttended: questions !== undefined };
  const prepared = await recordUnbegun(unbegun, async () =>
    prepareRestore(host, plans, flags, await settle({ host, plans, wish: flags, questions })),
  );
  if (flags.dryRun === true) return showOnly(host, plans, flags, prepared);
  tellOutlook(host, plans, flags, prepared);
  await recordUnbegun(unbegun, async () => {
    if (prepared.refusal !== undefined) throw prepared.refusal;
    await confirmRestore(host, prepared.outlook, flags.yes);
  });
  const outcome = watchOutcome();
  const format = formatOf(plans, flags);
  const code = await runHere(host, plans, prepared.pipeline, format, { listeners: [outcome] });
  await tellOutcome({ host, plans, flags, prepared, outcome });
  return code;
}

function tellOutlook(
  host: CommandHost,
  plans: Plans,
  { json }: RestoreFlags,
  { outlook, refusal }: PreparedRestore,
): void {
  const will = `This ${refusal === undefined ? 'will' : 'would'} happen:`;
  const shown = ['', will, '', outlookBlock(outlook, readingOf(plans)), ''];
  if (json === true) host.terminal.tell(...shown);
  else print(host, ...shown);
}

/** @throws Failure the refusal, after everything was shown */
function showOnly(
  host: CommandHost,
  plans: Plans,
  flags: RestoreFlags,
  { outlook, pipeline, refusal }: PreparedRestore,
): ExitCode {
  if (flags.json === true) {
    printJson(host, {
      ...outlookAsData(outlook),
      refusal: refusal?.message ?? null,
      pipeline: pipelineAsData(pipeline),
    });
  } else {
    const reading = readingOf(plans);
    const blocks = pipelineBlocks(pipeline, reading.now);
    print(host, ...blocks, '', 'This would happen:', '', outlookBlock(outlook, reading), '');
  }
  if (refusal !== undefined) throw refusal;
  return exitCode.done;
}

/** A restore has no plan of a file, and so the zone of the settings. */
function readingOf({ settings }: Plans): Reading {
  return { now: new Date(), timeZone: settings.defaults.timeZone };
}

/** Promise 3: a protected environment's name is typed; anything else is confirmed with yes, or with its own name. */
async function confirmRestore(
  host: CommandHost,
  { to, target }: Outlook,
  given: string | true | undefined,
): Promise<void> {
  const where = target === undefined ? 'a throw-away cluster' : `${target.endpoint.database} on ${to.name}`;
  const consequence = `this restores into ${where}${to.protected ? ', which is protected' : ''}`;
  const word = to.protected ? to.name : 'yes';
  await confirm(host, { consequence, word, given: !to.protected && given === to.name ? true : given });
}
