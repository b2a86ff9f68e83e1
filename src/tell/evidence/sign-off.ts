import { document } from '../../base/document.ts';
import { Failure } from '../../base/failure.ts';
import type { DrillEvidence, EvidenceSignOff } from '../../language/generated/drill-evidence.types.ts';
import type { SignOffDocument } from '../../language/generated/sign-off.types.ts';
import { limitsOf } from './limits.ts';
import { verdictOf } from './verdict.ts';
import type { Drill } from './drills.ts';

/** What a person says of an open question, and from where. */
export interface SignOffAnswer {
  readonly check: string;
  readonly state: SignOffDocument['state'];
  readonly by: string;
  readonly note: string | null;
  readonly at: Date;
  readonly account: string;
  readonly host: string;
}

/** The document of an answer. @throws Failure `usage` when the drill has no such question, or it is answered */
export function answerQuestion(drill: Drill, answer: SignOffAnswer): SignOffDocument {
  const { runId, plan, signOffs } = withSignOffs(drill);
  const question = signOffs.find(({ check }) => check === answer.check);
  const open = signOffs.filter(({ state }) => state === 'open').map(({ check }) => check);
  const hint = open.length === 0 ? 'nothing of it is open' : `open are: ${open.join(', ')}`;
  if (question === undefined)
    throw new Failure('usage', `${runId} has no question '${answer.check}' to sign off`, { hint });
  if (question.state !== 'open')
    throw new Failure(
      'usage',
      `'${answer.check}' of ${runId} was ${question.state === 'signed' ? 'signed off' : 'rejected'} already${question.by === null ? '' : ` by ${question.by}`}`,
      { hint: `an answer is never changed; ${hint}` },
    );
  return {
    format: 1,
    runId,
    plan,
    number: (drill.signOffs.at(-1)?.number ?? 0) + 1,
    check: answer.check,
    text: question.text,
    state: answer.state,
    by: answer.by,
    note: answer.note,
    at: answer.at.toISOString(),
    account: answer.account,
    host: answer.host,
    evidenceSha256: drill.sha256,
  };
}

/** The drill as it stands today: with the answers that were given since. Pure. */
export function withSignOffs({
  evidence,
  signOffs: given,
}: Pick<Drill, 'evidence' | 'signOffs'>): DrillEvidence {
  if (given.length === 0) return evidence;
  const signOffs = evidence.signOffs.map((question) => answered(question, given));
  const updated = { ...evidence, signOffs };
  const verdict = verdictOf(evidence.verdict.state, updated);
  return { ...updated, verdict, limits: limitsOf({ ...updated, verdict }) };
}

function answered(question: EvidenceSignOff, given: readonly SignOffDocument[]): EvidenceSignOff {
  const answer = given.find(({ check }) => check === question.check);
  if (question.state !== 'open' || answer === undefined) return question;
  const { state, by, at, note } = answer;
  return { ...question, state, by, at, note };
}

export const signOffDocuments = document<SignOffDocument>({
  name: 'sign-off',
  // A question, an answer and a note of a person.
  limitBytes: 1024 * 1024,
  schema: () => import('../../language/generated/sign-off.validate.ts'),
});
