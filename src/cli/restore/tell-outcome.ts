import type { Block } from '../../base/terminal/blocks.ts';
import { dataTime } from './artifact-words.ts';
import { describeFailure } from '../../base/failure.ts';
import type { CommandHost } from '../host.ts';
import type { Plans } from '../plans.ts';
import { resumeCommand } from './command-line.ts';
import { doneBlocks, failedBlocks } from './closing-words.ts';
import type { RestoreFlags } from './flags.ts';
import type { RunOutcome } from './run-outcome.ts';
import type { Settled } from './settle.ts';
import { endpointOf, lookAtLeft } from './target-look.ts';

export interface Ended {
  readonly host: CommandHost;
  readonly plans: Plans;
  readonly flags: RestoreFlags;
  readonly settled: Settled;
  readonly sameServer: boolean;
  readonly outcome: RunOutcome;
}

/**
 * Says after the run where the restored database is, or what is left and how to go on. Beside JSON it goes to standard
 * error, which is for people.
 */
export async function tellOutcome(ended: Ended): Promise<void> {
  const {
    host: { terminal },
    flags,
  } = ended;
  const blocks = await outcomeBlocks(ended);
  const isForPrograms = flags.json === true || flags.logFormat === 'json';
  if (isForPrograms) terminal.tell(...blocks);
  else terminal.print(...blocks);
}

async function outcomeBlocks({
  plans,
  flags,
  settled,
  sameServer,
  outcome,
}: Ended): Promise<readonly Block[]> {
  const { source, to, target, database } = settled;
  const restored = outcome.finished('postgres-restore');
  const existedBefore = target?.existing !== undefined;
  const endpoint =
    target === undefined ? undefined : { ...endpointOf(to), database: target.endpoint.database };
  if (restored?.outcome === 'succeeded') {
    const compared = outcome.finished('restore-compare');
    const done = {
      source: source.kind === 'artifact' ? `${source.name} of ${source.from.name}` : source.name,
      recoveryPoint: source.kind === 'artifact' ? dataTime(source.artifact) : undefined,
      endpoint,
      isNew: !existedBefore || flags.resume === true,
      isDoubtful: compared !== undefined && compared.outcome !== 'succeeded',
    };
    return doneBlocks(done, { now: new Date(), timeZone: plans.settings.defaults.timeZone });
  }
  // A throw-away cluster is gone, and a run that never began has changed nothing.
  if (endpoint === undefined || !outcome.hasBegun()) return [];
  const left = await lookAtLeft(plans, endpoint, endpoint.database).catch(
    (error: unknown) => describeFailure(error).message,
  );
  const from = source.kind === 'artifact' ? source.from.name : undefined;
  return failedBlocks({
    endpoint,
    left,
    existedBefore,
    isSingleTransaction: flags.singleTransaction === true,
    resume: resumeCommand(flags, { from, artifact: source.name, to: to.name, database, sameServer }),
  });
}
