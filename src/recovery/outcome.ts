import { type Block, fields } from '../base/terminal/blocks.ts';
import { dataTime } from './artifact-words.ts';
import { describeFailure } from '../base/failure.ts';
import type { CommandHost } from '../task/host.ts';
import type { Plans } from '../task/plans.ts';
import { resumeCommand, shellWord } from './wish.ts';
import type { RestoreFlags } from './wish-options.ts';
import type { EventSink, RunEvent, StepFinished } from '../run/record/event.ts';
import type { PreparedRestore } from './prepare.ts';
import { endpointOf, lookAtLeft, type LeftDatabase } from './target-look.ts';
import { renderMoment, type Reading } from '../base/quantity/moment.ts';
import { command, status } from '../base/terminal/status.ts';
import type { Text } from '../base/terminal/text.ts';
import type { PostgresEndpoint } from '../language/environment/environment.ts';
import { quoteIdentifier } from '../postgres/identifier.ts';
import { psqlCommand } from '../postgres/psql-command.ts';
import { parseUnfinished } from '../restore/unfinished-restore.ts';

/** How far a restore's run came, from its events. */
export interface RunOutcome extends EventSink {
  /** The step began to write, or was about to. */
  hasBegun(): boolean;
  finished(step: string): StepFinished | undefined;
}

/** Listens to a run and remembers how its steps ended. */
export function watchOutcome(): RunOutcome {
  const finished = new Map<string, StepFinished>();
  let begun = false;
  return {
    handle: (event: RunEvent) => {
      if (event.type === 'step-started') begun = true;
      if (event.type === 'step-finished') finished.set(event.step, event);
    },
    close: () => Promise.resolve(),
    hasBegun: () => begun,
    finished: (step) => finished.get(step),
  };
}

export interface Ended {
  readonly host: CommandHost;
  readonly plans: Plans;
  readonly flags: RestoreFlags;
  readonly prepared: Pick<PreparedRestore, 'wish' | 'outlook'>;
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
  prepared: { wish, outlook },
  outcome,
}: Ended): Promise<readonly Block[]> {
  const { source, to, target } = outlook;
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
      isNew: !existedBefore || wish.resume === true,
      isDoubtful: compared !== undefined && compared.outcome !== 'succeeded',
    };
    return doneBlocks(done, { now: new Date(), timeZone: plans.settings.defaults.timeZone });
  }
  // A throw-away cluster is gone, and a run that never began has changed nothing.
  if (endpoint === undefined || !outcome.hasBegun()) return [];
  const left = await lookAtLeft(plans, endpoint, endpoint.database).catch(
    (error: unknown) => describeFailure(error).message,
  );
  return failedBlocks({
    endpoint,
    left,
    existedBefore,
    isSingleTransaction: wish.singleTransaction === true,
    resume: resumeCommand(wish, flags),
  });
}

/** A restore that came to its end. */
export interface DoneRestore {
  /** An artifact's name, or a path. */
  readonly source: string;
  /** The instant that its data is of; absent for a file. */
  readonly recoveryPoint: Date | undefined;
  /** Undefined: a throw-away cluster, gone by now. */
  readonly endpoint: PostgresEndpoint | undefined;
  /** The database was made for it. */
  readonly isNew: boolean;
  /** A later step found it other than the artifact says. */
  readonly isDoubtful: boolean;
}

/** After a restore: what was restored, where it is, and how to get rid of it. Pure. */
export function doneBlocks(
  { source, recoveryPoint, endpoint, isNew, isDoubtful }: DoneRestore,
  reading: Reading,
): readonly Block[] {
  const asOf = recoveryPoint === undefined ? '' : `, as of ${renderMoment(recoveryPoint, reading)}`;
  if (endpoint === undefined) {
    return rendered([['restored', `${source}${asOf}, into a throw-away cluster that is gone now`]]);
  }
  return rendered([
    ['restored', `${source}${asOf}`],
    ['into', `${endpoint.database} on ${endpoint.host}:${endpoint.port}`],
    ...(isDoubtful ? [[status('BUT'), 'it is not proven right: see what failed above'] as const] : []),
    ['look at it', command(psqlCommand(endpoint))],
    ...(isNew ? [['drop it', command(dropCommand(endpoint))] as const] : []),
  ]);
}

/** A restore that failed or was interrupted after it had begun. */
export interface FailedRestore {
  readonly endpoint: PostgresEndpoint;
  /** What stands there now; a text when the server could not be asked. */
  readonly left: LeftDatabase | string;
  readonly existedBefore: boolean;
  readonly isSingleTransaction: boolean;
  /** Goes on with it. */
  readonly resume: string;
}

/** After a failure: what is left, and the command line that goes on. Pure. */
export function failedBlocks(failed: FailedRestore): readonly Block[] {
  const { endpoint, left, existedBefore, isSingleTransaction, resume } = failed;
  const { database } = endpoint;
  if (typeof left === 'string') {
    return rendered([
      ['left', `whether ${database} is left on the server could not be asked: ${left}`],
      ['go on', command(resume)],
    ]);
  }
  const unfinished = parseUnfinished(left.comment);
  if (left.exists && unfinished !== undefined) {
    const state =
      unfinished.state === 'loaded' ? 'every row is there, indexes may be missing' : 'rows may be missing';
    return rendered([
      ['left', `${database}, unfinished: ${state}`],
      ['go on', command(resume)],
      ['or drop it', command(dropCommand(endpoint))],
    ]);
  }
  if (!left.exists) return rendered([['left', 'nothing: the database was not made']]);
  if (!existedBefore) {
    return rendered([
      ['left', `${database}, made by this restore and not complete`],
      ['drop it', command(dropCommand(endpoint))],
    ]);
  }
  const state = isSingleTransaction ? 'as it was before' : 'there before, and perhaps changed in part';
  return rendered([
    ['left', `${database}, ${state}`],
    ['look at it', command(psqlCommand(endpoint))],
  ]);
}

function dropCommand(endpoint: PostgresEndpoint): string {
  const statement = `drop database ${quoteIdentifier(endpoint.database)}`;
  return `${psqlCommand(endpoint, 'postgres')} --command=${shellWord(statement)}`;
}

function rendered(rows: readonly (readonly [title: Text, text: Text])[]): readonly Block[] {
  return ['', fields(rows)];
}
