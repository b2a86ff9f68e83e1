import type { FinishedRun } from '../../run/run-host.ts';
import { isDrill } from '../evidence/is-drill.ts';
import type { AlertState, FailureStreak } from '../../language/generated/alert-state.types.ts';
import { composeRun } from './compose-run.ts';
import { lastGoodArtifact } from './last-good.ts';
import type { AlertMessage } from './message.ts';
import { openSignOffs, type WatchedDrill } from './open-sign-offs.ts';
import type { Surroundings } from './sending.ts';

export interface RunAlertsOptions extends Surroundings {
  readonly stateFolder: string;
  /** systemd's id of this start. */
  readonly invocation: string | undefined;
  /** Drills of the same environments, whose open questions are told with this run. */
  readonly drills: readonly WatchedDrill[];
  /** Text of the environments' file. */
  readonly environmentsText: string | undefined;
}

/** What of earlier runs a message says. */
export interface Knowledge {
  readonly state: AlertState;
  readonly streak: FailureStreak | undefined;
  readonly unproven: string | undefined;
}

/** What a run that is over has to tell: of itself, and of drills whose questions are open for too long. */
export async function messagesOf(
  run: FinishedRun,
  options: RunAlertsOptions,
  { state, streak, unproven }: Knowledge,
): Promise<readonly AlertMessage[]> {
  const { record, signal } = run;
  const { clock, stateFolder, secrets, hostName } = options;
  const now = clock.now();
  const failed = record.outcome !== 'succeeded';
  const own = composeRun(record, {
    streak,
    ended: failed ? undefined : state.streak,
    lastGood: failed ? await lastGoodArtifact(run, state.lastGood, clock) : undefined,
    verdict: await verdictOf(run),
    unproven,
    invocation: options.invocation,
  });
  const surroundings = { stateFolder, secrets, now, hostName };
  // What keeps evidence from being read is told by those who keep it.
  const others = await openSignOffs(options.drills, surroundings, signal).catch(() => []);
  return [...(own === undefined ? [] : [own]), ...others].map((message) => redacted(message, options.redact));
}

async function verdictOf(run: FinishedRun): Promise<string | undefined> {
  if (!isDrill(run.pipeline)) return undefined;
  const { buildEvidence } = await import('../evidence/build.ts');
  return buildEvidence({ ...run, account: '', earlier: [] }).verdict.sentence;
}

/** The record is redacted; what came from elsewhere is here. */
function redacted(message: AlertMessage, redact: (text: string) => string): AlertMessage {
  const { lines, lastGood, hint } = message;
  return {
    ...message,
    title: redact(message.title),
    lines: lines.map(redact),
    ...(lastGood !== undefined && { lastGood: redact(lastGood) }),
    ...(hint !== undefined && { hint: redact(hint) }),
  };
}
