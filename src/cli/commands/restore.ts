import { type Reading } from '../../base/quantity/moment.ts';
import { exitCode, type ExitCode } from '../../base/exit-code.ts';
import { confirm } from '../confirm.ts';
import { print, printJson, type CommandHost } from '../../task/host.ts';
import { loadPlans, requireEnvironments, type Plans } from '../../task/plans.ts';
import { requestOfFlags, restoreParameters, type RestoreFlags } from '../restore/flags.ts';
import { requireFlags } from '../restore/missing-flags.ts';
import { outlookAsData, outlookBlock, type Outlook } from '../restore/outlook.ts';
import { prepareRestore, type PreparedRestore } from '../restore/prepare.ts';
import { openQuestions } from '../restore/questions.ts';
import { listRestorable } from '../restore/restorable.ts';
import { watchOutcome } from '../restore/run-outcome.ts';
import { settle } from '../restore/settle.ts';
import { tellOutcome } from '../restore/tell-outcome.ts';
import { recordUnbegun } from '../restore/unbegun.ts';
import { formatOf, runHere } from './run.ts';
import { pipelineAsData, pipelineBlocks } from '../../run/outline.ts';

/**
 * Restores an artifact without a plan's file: what the flags do not say is asked on a terminal, then a plan named
 * `restore` is made and run like any other.
 */
export async function restoreCommand(host: CommandHost, flags: RestoreFlags): Promise<ExitCode> {
  const plans = await loadPlans(host, flags.config);
  requireEnvironments(plans);
  if (flags.list === true) return listRestorable(host, plans, flags);
  checkFlags(host, flags);
  const questions = flags.json === true ? undefined : openQuestions(host);
  if (questions === undefined) requireFlags(plans, flags);
  const prepared = await recordUnbegun(
    { host, plans, flags, isAttended: questions !== undefined },
    async () => prepareRestore(host, plans, flags, await settle({ host, plans, flags, questions })),
  );
  if (flags.dryRun === true) return showOnly(host, plans, flags, prepared);
  const { outlook, pipeline, settled, refusal, sameServer } = prepared;
  const will = `This ${refusal === undefined ? 'will' : 'would'} happen:`;
  const shown = ['', will, '', outlookBlock(outlook, readingOf(plans)), ''];
  if (flags.json === true) host.terminal.tell(...shown);
  else print(host, ...shown);
  await recordUnbegun({ host, plans, flags, isAttended: questions !== undefined }, async () => {
    if (refusal !== undefined) throw refusal;
    await confirmRestore(host, outlook, flags.yes);
  });
  const outcome = watchOutcome();
  const code = await runHere(host, plans, pipeline, formatOf(plans, flags), { listeners: [outcome] });
  await tellOutcome({ host, plans, flags, settled, sameServer, outcome });
  return code;
}

/** Before any question: flags that contradict each other do so whatever is answered. @throws Failure `usage` */
function checkFlags(host: CommandHost, flags: RestoreFlags): void {
  const settled = { from: undefined, artifact: '', database: undefined, sameServer: false };
  requestOfFlags(restoreParameters(flags, settled), host.environmentVariables);
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
