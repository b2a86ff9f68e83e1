import { defaults } from '../src/language/generated/http-check.defaults.ts';
import { defined } from '../src/base/defined.ts';
import { parseAddress, sentHeaders, shownAddress } from '../src/base/http/address.ts';
import { prepareAnswerCheck } from '../src/check/http/answer-check.ts';
import { sendRequest, type HttpRequest } from '../src/base/http/request.ts';
import { durationOf, renderDuration } from '../src/base/quantity/duration.ts';
import type { HttpCheckParameters } from '../src/language/generated/http-check.types.ts';
import { readReference } from '../src/language/written-reference.ts';
import { checkFailure } from '../src/task/check-failure.ts';
import type { Task, TaskContext, TaskResult } from '../src/task/contract.ts';
import type { CheckFact } from '../src/language/facts.ts';
import parametersSchema from '../schemas/tasks/http-check.schema.json' with { type: 'json' };

const task: Task<HttpCheckParameters> = {
  name: 'http-check',
  description: 'Asserts what a service answers over HTTP',
  needs: [],
  writes: [],
  role: 'check',
  outputs: [],
  parameters: parametersSchema,
  describe,
  run,
};
export default task;

/** While it waits for an answer to change, it says so this often, milliseconds. */
const sayingMs = 30_000;

function describe(parameters: HttpCheckParameters): readonly string[] {
  const until = parameters['retry-until'];
  const again = until === undefined ? '' : `, again and again for up to ${until}`;
  return [`${parameters.method ?? defaults.method} ${parameters.url}${again}`];
}

async function run(context: TaskContext, parameters: HttpCheckParameters): Promise<TaskResult> {
  const check = await prepareAnswerCheck({
    ...(parameters.status !== undefined && { statuses: [parameters.status].flat() }),
    bodyContains: [parameters['body-contains'] ?? []].flat(),
    ...defined({ bodyMatches: parameters['body-matches'] }),
    headers: parameters['response-headers'] ?? {},
    json: parameters.json ?? [],
    ...defined({ maxLatencyMs: parameters['max-latency-ms'] }),
  });
  const request = await requestOf(context, parameters);
  const what = `${request.method} ${shownAddress(request.url)}`;
  context.report.phase(what);
  const checks = await tryUntil(context, parameters, what, async (timeoutMs) => {
    const startedMs = context.clock.monotonicMs();
    const outcome = await sendRequest({ ...request, timeoutMs }, context.signal);
    return check(outcome, Math.round(context.clock.monotonicMs() - startedMs));
  });
  const failure = checkFailure(what, checks);
  if (failure !== undefined) throw failure;
  return { facts: { checks } };
}

/** Tries until everything holds or `retry-until` is over; gives what the last try found. */
async function tryUntil(
  { clock, report, signal }: TaskContext,
  parameters: HttpCheckParameters,
  what: string,
  attempt: (timeoutMs: number) => Promise<readonly CheckFact[]>,
): Promise<readonly CheckFact[]> {
  const timeoutMs = durationOf(parameters.timeout ?? defaults.timeout);
  const intervalMs = durationOf(parameters.every ?? defaults.every);
  const startedMs = clock.monotonicMs();
  const limitMs = durationOf(parameters['retry-until'] ?? defaults['retry-until']);
  let saidMs = startedMs;
  for (let count = 1; ; count += 1) {
    const restMs = limitMs - (clock.monotonicMs() - startedMs);
    // The last try of a wait may not go far beyond its end.
    const checks = await attempt(count === 1 ? timeoutMs : Math.min(timeoutMs, Math.max(restMs, 1000)));
    const elapsedMs = clock.monotonicMs() - startedMs;
    if (checks.every(({ state }) => state === 'passed')) {
      if (count > 1) report.note(`everything held at try ${count}, after ${renderDuration(elapsedMs)}`);
      return checks;
    }
    if (elapsedMs >= limitMs) return checks;
    if (count === 1 || clock.monotonicMs() - saidMs >= sayingMs) {
      report.phase(`${what}: not yet (${shortly(checks)})`);
      saidMs = clock.monotonicMs();
    }
    await clock.sleep(Math.min(intervalMs, limitMs - elapsedMs), signal);
  }
}

function shortly(checks: readonly CheckFact[]): string {
  const failed = checks.find(({ state }) => state === 'failed');
  return failed === undefined ? '' : `${failed.name}: ${failed.message ?? failed.found ?? 'failed'}`;
}

type PreparedRequest = Omit<HttpRequest, 'timeoutMs'>;

async function requestOf(context: TaskContext, parameters: HttpCheckParameters): Promise<PreparedRequest> {
  const { body, authorization, redirects } = parameters;
  const secret =
    authorization === undefined
      ? undefined
      : await context.secrets.resolve(readReference(authorization, 'http-check: authorization'));
  return {
    url: parseAddress(parameters.url),
    method: parameters.method ?? defaults.method,
    headers: sentHeaders({
      'user-agent': 'run-plan',
      ...parameters.headers,
      ...(secret !== undefined && { authorization: secret.reveal() }),
    }),
    ...defined({ body }),
    redirects: redirects ?? defaults.redirects,
  };
}
