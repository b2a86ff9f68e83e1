import { randomBytes } from 'node:crypto';
import type { AlertChannel } from '../../language/environment/channel/kinds.ts';
import { Failure } from '../../base/failure.ts';
import { renderPlanDuration } from '../../base/quantity/duration.ts';
import type { AlertMessage } from './message.ts';
import { sendTest } from './send.ts';
import { runBash } from './run-bash.ts';
import type { Surroundings } from './sending.ts';

/** What a test of one channel came to. */
export interface Tested {
  readonly channel: AlertChannel;
  readonly proven: boolean;
  readonly attempts: number;
  readonly durationMs: number;
  /** How it was proven, or why not. */
  readonly text: string;
}

/** Between two looks at what has arrived, and what one look may take, milliseconds. */
const pauseMs = 2000;
const lookMs = 30_000;

/** Sends a test through a channel, and finds out whether it has arrived as far as the channel can tell. Never rejects. */
export async function testChannel(
  channel: AlertChannel,
  environment: string,
  surroundings: Surroundings,
  signal: AbortSignal,
): Promise<Tested> {
  const token = `run-plan-${randomBytes(8).toString('hex')}`;
  const message = testMessage(environment, token, surroundings);
  const startedMs = surroundings.clock.monotonicMs();
  const sent = await sendTest(channel, message, surroundings, signal);
  const proof = sent.ok ? await arrival(channel, token, surroundings, signal) : undefined;
  return {
    channel,
    proven: sent.ok && proof?.arrived !== false,
    attempts: sent.attempts,
    durationMs: Math.round(surroundings.clock.monotonicMs() - startedMs),
    text: proof === undefined ? sent.text : `${sent.text}; ${proof.text}`,
  };
}

function testMessage(environment: string, token: string, { hostName, clock }: Surroundings): AlertMessage {
  return {
    events: ['test'],
    severity: 'info',
    title: `test: alerts of ${environment} from ${hostName} arrive here`,
    plan: 'alerts test',
    environment,
    host: hostName,
    at: clock.now().toISOString(),
    lines: ['Somebody has sent this by `run-plan alerts test`. Nothing is wrong.'],
    commands: [],
    key: 'test',
    token,
  };
}

/** Asks the operator's command until it prints the token. Undefined when there is none to ask. */
async function arrival(
  { proof }: AlertChannel,
  token: string,
  surroundings: Surroundings,
  signal: AbortSignal,
): Promise<{ readonly arrived: boolean; readonly text: string } | undefined> {
  if (proof === undefined) return undefined;
  const { clock } = surroundings;
  const untilMs = clock.monotonicMs() + proof.withinMs;
  const environment = { RUN_PLAN_ALERT_TOKEN: token };
  let said = '';
  while (!signal.aborted) {
    const leftMs = Math.ceil(Math.max(1, Math.min(lookMs, untilMs - clock.monotonicMs())));
    const soon = AbortSignal.any([signal, AbortSignal.timeout(leftMs)]);
    try {
      const { stdout } = await runBash(
        proof.run,
        { environment, variables: proof.variables },
        surroundings,
        soon,
      );
      if (stdout.includes(token)) return { arrived: true, text: 'its proof shows that it arrived' };
      said = 'its proof does not show it';
    } catch (error) {
      said = error instanceof Failure ? `its proof failed: ${error.message}` : 'its proof took too long';
    }
    if (clock.monotonicMs() + pauseMs >= untilMs) break;
    await clock.sleep(pauseMs, signal).catch(() => undefined);
  }
  return { arrived: false, text: `${said} within ${renderPlanDuration(proof.withinMs)}` };
}
