import { readDrills } from '../evidence/drills.ts';
import { openStateFolder } from '../evidence/places.ts';
import { withSignOffs } from '../evidence/sign-off.ts';
import { renderDuration } from '../quantity/duration.ts';
import type { DrillEvidence } from '../schema/generated/drill-evidence.types.ts';
import type { Secrets } from '../secret/reference.ts';
import { shortLines } from './compose-run.ts';
import type { AlertMessage } from './message.ts';

/** A plan whose drills ask people, and for how long a question may stay open. */
export interface WatchedDrill {
  readonly plan: string;
  readonly withinMs: number;
}

/** Unless the plan says otherwise. */
export const signOffWithinMs = 7 * 86_400_000;

/** A message for each drill whose newest run has questions that are open for too long, as this host knows it. */
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
      const selection = { plan, limit: 1, signal };
      const [newest] = (await readDrills({ stateFolder: place, repository: undefined }, selection)).drills;
      if (newest === undefined) continue;
      const message = composeSignOff(withSignOffs(newest), withinMs, now, hostName);
      if (message !== undefined) messages.push(message);
    }
  } finally {
    await place.close();
  }
  return messages;
}

/** Undefined when nothing is open, or not for long. Pure. */
export function composeSignOff(
  { runId, plan, where, run, signOffs }: DrillEvidence,
  withinMs: number,
  now: Date,
  hostName: string,
): AlertMessage | undefined {
  const open = signOffs.filter(({ state }) => state === 'open');
  const [first] = open;
  const openMs = now.getTime() - Date.parse(run.finishedAt);
  if (first === undefined || openMs <= withinMs) return undefined;
  const questions = open.length === 1 ? 'a sign-off' : `${String(open.length)} sign-offs`;
  return {
    events: ['sign-off-open'],
    severity: 'warning',
    title: `${questions} open for ${renderDuration(openMs)}: ${plan}`,
    plan,
    environment: where.environment,
    host: hostName,
    at: now.toISOString(),
    run: runId,
    since: { at: run.finishedAt, count: 1 },
    lines: shortLines(open.map(({ check, text }) => `${check}: ${text}`)),
    hint: 'look at it, and say what you saw',
    commands: [`run-plan sign-off ${runId} --check ${first.check} --by NAME`],
    key: `sign-off ${runId} ${open.map(({ check }) => check).join(' ')}`,
  };
}
