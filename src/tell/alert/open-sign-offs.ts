import { readDrills } from '../evidence/drills.ts';
import { openStateFolder } from '../evidence/places.ts';
import { withSignOffs } from '../evidence/sign-off.ts';
import { renderDuration } from '../../base/quantity/duration.ts';
import type { DrillEvidence, EvidenceSignOff } from '../../language/generated/drill-evidence.types.ts';
import type { Secrets } from '../../language/secret-reference.ts';
import { shortLines } from './compose-run.ts';
import type { AlertMessage } from './message.ts';

/** A plan whose drills ask people, and for how long a question may stay open. */
export interface WatchedDrill {
  readonly plan: string;
  readonly withinMs: number;
}

/** Runs of a drill that are looked through for the first that asked the same. */
const mostRuns = 32;

/** A message for each drill with questions that are open for too long, as this host knows it. */
export async function openSignOffs(
  drills: readonly WatchedDrill[],
  {
    stateFolder,
    secrets,
    now,
    hostName,
  }: {
    readonly stateFolder: string;
    readonly secrets: Secrets;
    readonly now: Date;
    readonly hostName: string;
  },
  signal: AbortSignal,
): Promise<readonly AlertMessage[]> {
  if (drills.length === 0) return [];
  const place = await openStateFolder(stateFolder, secrets);
  const messages: AlertMessage[] = [];
  try {
    for (const { plan, withinMs } of drills) {
      const newest = async (limit: number): Promise<readonly DrillEvidence[]> =>
        (await readDrills({ stateFolder: place }, { plan, limit, signal })).drills.map(withSignOffs);
      const [last] = await newest(1);
      if (last === undefined || openOf(last).length === 0) continue;
      const message = composeSignOff(await newest(mostRuns), withinMs, now, hostName);
      if (message !== undefined) messages.push(message);
    }
  } finally {
    await place.close();
  }
  return messages;
}

/**
 * Of a drill's runs, newest first. A question that run after run asks is as old as the first of them that nobody has
 * answered: a drill that runs more often than its time would otherwise never be late. Undefined when nothing is. Pure.
 */
export function composeSignOff(
  drills: readonly DrillEvidence[],
  withinMs: number,
  now: Date,
  hostName: string,
): AlertMessage | undefined {
  const [newest] = drills;
  if (newest === undefined) return undefined;
  const late = openOf(newest)
    .map((question) => ({ question, asked: unansweredRuns(question, drills).at(-1) ?? newest }))
    .filter(({ asked }) => ageMs(asked, now) > withinMs)
    .sort((left, right) => ageMs(right.asked, now) - ageMs(left.asked, now));
  const [first] = late;
  if (first === undefined) return undefined;
  const { runId, plan, where } = newest;
  const questions = late.length === 1 ? 'a sign-off' : `${String(late.length)} sign-offs`;
  return {
    events: ['sign-off-open'],
    severity: 'warning',
    title: `${questions} open for ${renderDuration(ageMs(first.asked, now))}: ${plan}`,
    plan,
    environment: where.environment,
    host: hostName,
    at: now.toISOString(),
    run: runId,
    since: {
      at: first.asked.run.finishedAt,
      count: unansweredRuns(first.question, drills).length,
    },
    lines: shortLines(late.map(({ question: { check, text } }) => `${check}: ${text}`)),
    hint: 'look at it, and say what you saw',
    commands: [`run-plan sign-off ${runId} --check ${first.question.check} --by NAME`],
    key: `sign-off ${late.map(({ question: { check }, asked }) => `${asked.runId} ${check}`).join(' ')}`,
  };
}

function openOf({ signOffs }: DrillEvidence): readonly EvidenceSignOff[] {
  return signOffs.filter(({ state }) => state === 'open');
}

/** Since its last answer, newest first; a run that did not come as far as to ask is passed over. */
function unansweredRuns(
  { text }: EvidenceSignOff,
  drills: readonly DrillEvidence[],
): readonly DrillEvidence[] {
  const asked = drills.flatMap((drill) => {
    const question = drill.signOffs.find((each) => each.text === text);
    return question === undefined ? [] : [{ drill, isOpen: question.state === 'open' }];
  });
  const answered = asked.findIndex(({ isOpen }) => !isOpen);
  return asked.slice(0, answered === -1 ? undefined : answered).map(({ drill }) => drill);
}

function ageMs({ run }: DrillEvidence, now: Date): number {
  return now.getTime() - Date.parse(run.finishedAt);
}
