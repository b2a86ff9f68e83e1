import { status } from '../../base/terminal/status.ts';
import { hostname } from 'node:os';
import { signOffBatch } from '../../tell/evidence/document-name.ts';
import { renderJson } from '../../tell/evidence/documents.ts';
import { readDrills, type Drill } from '../../tell/evidence/drills.ts';
import type { EvidencePlaces } from '../../tell/evidence/places.ts';
import { answerQuestion, withSignOffs } from '../../tell/evidence/sign-off.ts';
import { sealBatches, writeBatch } from '../../tell/evidence/store.ts';
import { exitCode, type ExitCode } from '../../base/exit-code.ts';
import { describeDamage } from '../../base/document.ts';
import { Failure } from '../../base/failure.ts';
import { accountName } from '../../base/account.ts';
import { planOf, withEvidence } from '../../tell/evidence/evidence-places.ts';
import { print, printJson, type CommandHost } from '../../task/host.ts';
import { lockPlan } from '../../run/lock/lock-plan.ts';
import { loadPlans } from '../../task/plans.ts';

export interface SignOffOptions {
  readonly check: string;
  readonly by: string;
  readonly note?: string | undefined;
  readonly reject?: true | undefined;
  readonly json?: true | undefined;
  readonly config?: string | undefined;
}

/** Answers a drill's open question: a document of its own with its own seal. What was kept of the drill stays. */
export async function signOffCommand(
  host: CommandHost,
  runId: string,
  options: SignOffOptions,
): Promise<ExitCode> {
  const by = options.by.trim();
  if (by === '') throw new Failure('usage', '--by names the person who signs it off');
  const plans = await loadPlans(host, options.config);
  const plan = planOf(plans, runId);
  // Nobody else may add to the plan's chain of seals meanwhile.
  await using _lock = await lockPlan(host, plans, plan);
  return await withEvidence(host, plans, plan, async (places) => {
    const drill = await findDrill(places, plan.name, runId);
    const document = answerQuestion(drill, {
      check: options.check,
      state: options.reject === true ? 'rejected' : 'signed',
      by: host.redactor.redact(by),
      note: options.note === undefined ? null : host.redactor.redact(options.note),
      at: new Date(),
      account: accountName(host.environmentVariables),
      host: hostname(),
    });
    const batch = signOffBatch(plan.name, runId, document.number);
    await writeBatch(places.stateFolder, batch, new Map([['.json', renderJson(document)]]));
    await sealBatches(places, batch, { now: () => new Date() });
    const { verdict } = withSignOffs({ ...drill, signOffs: [...drill.signOffs, document] });
    if (options.json === true) printJson(host, { signOff: document, verdict });
    else print(host, [status(document.state), `: ${document.text}`], verdict.sentence);
    return exitCode.done;
  });
}

async function findDrill(places: EvidencePlaces, plan: string, runId: string): Promise<Drill> {
  const { drills, damaged } = await readDrills(places, { plan, runId });
  const [drill] = drills;
  if (damaged.length > 0)
    throw new Failure(
      'artifact-damaged',
      `evidence of ${runId} cannot be read: ${damaged.map((damage) => describeDamage(damage)).join('; ')}`,
      {
        hint: `run-plan report ${plan} --verify says more`,
      },
    );
  if (drill === undefined)
    throw new Failure('usage', `there is no evidence of ${runId}`, {
      hint: `run-plan report ${plan} lists the drills`,
    });
  return drill;
}
