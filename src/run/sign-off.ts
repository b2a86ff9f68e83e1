import { Failure } from '../base/failure.ts';
import type { TaskContext, TaskResult } from '../task/contract.ts';
import type { RunHost } from './run-host.ts';

/** What a person is asked to look at. */
export interface SignOffQuestion {
  /** Id of the step: the name of the check for `run-plan sign-off`. */
  readonly step: string;
  readonly text: string;
}

/** What a person said of it. */
export interface SignOffAnswer {
  readonly verdict: 'signed' | 'rejected';
  /** Who said it, by the name of the account. */
  readonly by: string;
}

/**
 * Asks where a person can be asked; elsewhere, and when they pass, the question stays open in the record until
 * `run-plan sign-off`.
 * @throws Failure `check-failed` when the person rejects it
 */
export async function askForSignOff(
  host: Pick<RunHost, 'askSignOff' | 'clock'>,
  { step, text }: SignOffQuestion,
  lent: Pick<TaskContext, 'signal' | 'report'>,
): Promise<TaskResult> {
  const answer = await host.askSignOff?.({ step, text }, lent.signal, lent.report);
  if (answer === undefined) {
    lent.report.warn(`open: ${text} (a person signs it off with \`run-plan sign-off RUN --check ${step}\`)`);
    return { facts: { signOff: { check: step, text, state: 'open' } } };
  }
  const facts = {
    signOff: { check: step, text, state: answer.verdict, by: answer.by, at: host.clock.now().toISOString() },
  };
  if (answer.verdict === 'signed') return { facts };
  throw new Failure('check-failed', `${answer.by} did not sign it off: ${text}`, { facts });
}
