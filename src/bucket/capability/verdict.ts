import type { ProbedCapability } from '../../language/generated/store-capabilities.types.ts';
import { Failure } from '../../base/failure.ts';

/** What one look at a store has shown. */
export type Verdict = Pick<ProbedCapability, 'state' | 'found'>;

export function has(found: string): Verdict {
  return { state: 'yes', found };
}

export function lacks(found: string): Verdict {
  return { state: 'no', found };
}

/**
 * What a refused request says of a capability: a store that does not know a call says so; whoever may not ask has
 * learned nothing. What is no answer at all, a lost connection or a failing store, is thrown again.
 * @throws the error
 */
export function refusal(error: unknown): Verdict {
  if (!(error instanceof Failure)) throw error;
  const { httpStatus: status, errorName: name = 'refused' } = error.fields;
  if (status === 401 || status === 403)
    return { state: 'unknown', found: `the access keys may not: ${name}` };
  const isAnswer = status !== undefined && (status < 500 || status === 501) && status !== 429;
  if (!isAnswer) throw error;
  return lacks(`refused: ${name}`);
}
