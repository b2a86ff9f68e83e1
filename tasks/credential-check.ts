import { defaults } from '../src/language/generated/credential-check.defaults.ts';
import { parseAddress } from '../src/base/http/address.ts';
import { durationOf } from '../src/base/quantity/duration.ts';
import type { CredentialCheckParameters } from '../src/language/generated/credential-check.types.ts';
import { readReference } from '../src/language/written-reference.ts';
import { checkFailure } from '../src/task/check-failure.ts';
import { Failure, type Task, type TaskContext, type TaskResult } from '../src/task/contract.ts';
import type { CheckFact } from '../src/language/facts.ts';
import { tellChecks, type Check } from '../src/check/check.ts';
import { judgeExpiry, type ExpiryLimits } from '../src/check/watch/expiry.ts';
import {
  environmentQuestions,
  fileQuestion,
  urlQuestion,
  type ExpiryQuestion,
} from '../src/check/watch/known-expiries.ts';
import { tokenEnd } from '../src/check/watch/written-expiry.ts';
import parametersSchema from '../schemas/tasks/credential-check.schema.json' with { type: 'json' };

const task: Task<CredentialCheckParameters> = {
  name: 'credential-check',
  description: 'Tells how long certificates and credentials are still good',
  needs: [],
  writes: [],
  role: 'check',
  outputs: [],
  parameters: parametersSchema,
  describe,
  run,
};
export default task;

/** Each server gets this long, milliseconds. */
const limitMs = 15_000;

function describe(parameters: CredentialCheckParameters): readonly string[] {
  const more = [...(parameters.urls ?? []), ...(parameters.certificates ?? [])];
  const also = more.length === 0 ? '' : `, and of ${more.join(', ')}`;
  return [`ask until when certificates and credentials of the environment are good${also}`];
}

async function run(context: TaskContext, parameters: CredentialCheckParameters): Promise<TaskResult> {
  const { environment, report, clock, signal } = context;
  const questions = questionsOf(context, parameters);
  if (questions.length === 0) {
    throw new Failure('check-failed', `nothing of ${environment.name} tells of an end`, {
      hint: "name what to look at: 'urls', 'certificates' or 'tokens'",
    });
  }
  const limits = limitsOf(parameters);
  const checks: CheckFact[] = [];
  for (const question of questions) {
    report.phase(question.name);
    const answer = await askOne(question, signal);
    const { name } = question;
    const check: Check =
      'message' in answer
        ? { what: name, state: 'fail', found: answer.message }
        : judgeExpiry({ name, ...answer }, clock.now(), limits);
    checks.push(...tellChecks(report, [check]));
  }
  const failure = checkFailure(`the credentials of ${environment.name}`, checks, 'renew what ends');
  if (failure !== undefined) throw failure;
  return { facts: { checks } };
}

type Answer = Awaited<ReturnType<ExpiryQuestion['ask']>> | { readonly message: string };

/** What cannot be asked is bad news of that one alone. */
async function askOne(question: ExpiryQuestion, signal: AbortSignal): Promise<Answer> {
  const limit = AbortSignal.timeout(limitMs);
  try {
    return await question.ask(AbortSignal.any([signal, limit]));
  } catch (error) {
    signal.throwIfAborted();
    if (limit.aborted) return { message: `no answer within ${limitMs / 1000} s` };
    return { message: error instanceof Error ? error.message : String(error) };
  }
}

function questionsOf(
  { environment, secrets, run: { id } }: TaskContext,
  { urls = [], certificates = [], tokens = [], ...parameters }: CredentialCheckParameters,
): readonly ExpiryQuestion[] {
  return [
    ...(parameters.environment === false ? [] : environmentQuestions(environment, { secrets, runId: id })),
    ...urls.map((url) => urlQuestion(parseAddress(url).href)),
    ...certificates.map((path) => fileQuestion(path, 'certificate')),
    ...tokens.map(({ name, token }) => ({
      name: `token ${name}`,
      ask: async () => {
        const secret = await secrets.resolve(readReference(token, 'credential-check: tokens'));
        return { endsAt: tokenEnd(secret.reveal()) ?? null };
      },
    })),
  ];
}

function limitsOf(parameters: CredentialCheckParameters): ExpiryLimits {
  // A week is enough for people to act in, three for those who plan.
  const failMs = durationOf(parameters['fail-before'] ?? defaults['fail-before']);
  const warnMs = durationOf(parameters['warn-before'] ?? defaults['warn-before']);
  return { failMs, warnMs: Math.max(warnMs, failMs) };
}
