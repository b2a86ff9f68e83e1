import { defaults } from '../src/language/generated/cdn-invalidate.defaults.ts';
import { defined } from '../src/base/defined.ts';
import { resolve } from 'node:path';
import { cloudflare, cloudflareEndpoint } from '../src/uploads/cdn/cloudflare.ts';
import { cloudFront } from '../src/uploads/cdn/cloudfront.ts';
import { fastly, fastlyEndpoint } from '../src/uploads/cdn/fastly.ts';
import { httpCall } from '../src/uploads/cdn/http-call.ts';
import type { InvalidationDone, Provider } from '../src/uploads/cdn/provider.ts';
import { createScopeBuilder, type Scope } from '../src/uploads/cdn/scope.ts';
import { basePathOf } from '../src/uploads/cdn/url-path.ts';
import { addChanges, addWrittenPaths, type ReadChanges } from '../src/uploads/cdn/wanted.ts';
import { Failure } from '../src/base/failure.ts';
import { parseAddress } from '../src/base/http/address.ts';
import { durationOf } from '../src/base/quantity/duration.ts';
import type { CdnInvalidateParameters } from '../src/language/generated/cdn-invalidate.types.ts';
import { readReference, type WrittenReference } from '../src/language/written-reference.ts';
import type { Task, TaskContext, TaskResult } from '../src/task/contract.ts';
import parametersSchema from '../schemas/tasks/cdn-invalidate.schema.json' with { type: 'json' };

const task: Task<CdnInvalidateParameters> = {
  name: 'cdn-invalidate',
  description: 'Tells a CDN to drop its copies of what has changed',
  needs: [],
  writes: [],
  role: 'other',
  outputs: ['paths'],
  parameters: parametersSchema,
  describe,
  run,
};
export default task;

function describe(parameters: CdnInvalidateParameters): readonly string[] {
  const { cloudfront, cloudflare: zone, fastly: service, http } = parameters;
  const provider =
    (cloudfront && `CloudFront distribution ${cloudfront.distribution}`) ??
    (zone && `Cloudflare zone ${zone.zone}`) ??
    (service && `Fastly service ${service.service}`) ??
    `${http?.method ?? defaults.http.method} ${http?.url ?? ''}`;
  const what = parameters.changes ?? parameters.paths?.join(', ') ?? 'everything';
  return [`invalidate ${parameters.changes === undefined ? '' : 'the keys in '}${what}: ${provider}`];
}

async function run(context: TaskContext, parameters: CdnInvalidateParameters): Promise<TaskResult> {
  const { clock, signal, report } = context;
  const provider = await providerOf(context, parameters);
  const base = parameters.base === undefined ? undefined : parseAddress(parameters.base);
  const { scope, read } = await scopeOf(parameters, provider, base, signal);
  const done: InvalidationDone = { requests: 0, ids: [] };
  const facts = (): Readonly<Record<string, unknown>> => ({
    invalidation: { provider: provider.name, ...describeScope(scope), ...read, ...done },
  });
  if (read.outside > 0)
    report.note(
      `${String(read.outside)} of ${String(read.keys)} keys do not begin with '${parameters['strip-prefix'] ?? ''}': left out`,
    );
  if (!scope.everything && scope.paths.length + scope.prefixes.length === 0) {
    report.note('nothing has changed: nothing to invalidate');
    return { outputs: { paths: '0' }, facts: facts() };
  }
  requireBase(provider, scope, base);
  if (scope.widened !== undefined)
    report.warn(
      `${scope.widened}: invalidating ${scope.everything ? 'everything' : scope.prefixes.join(', ')} instead`,
    );
  report.phase(`${provider.name}: invalidating`);
  const waitMs = durationOf(parameters['wait-at-most'] ?? defaults['wait-at-most']);
  try {
    await provider.invalidate(scope, {
      clock,
      signal,
      deadlineMs: clock.monotonicMs() + waitMs,
      origin: base?.origin,
      done,
      onPhase: (text) => {
        report.phase(text);
      },
    });
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const { code, message, hint, cause } = error;
    throw new Failure(code, message, {
      ...defined({ hint, cause }),
      facts: facts(),
    });
  }
  return {
    outputs: { paths: scope.everything ? 'everything' : String(scope.paths.length + scope.prefixes.length) },
    facts: facts(),
  };
}

async function scopeOf(
  parameters: CdnInvalidateParameters,
  provider: Provider,
  base: URL | undefined,
  signal: AbortSignal,
): Promise<{ readonly scope: Scope; readonly read: ReadChanges }> {
  const nothing = { keys: 0, outside: 0 };
  const { changes, paths = [] } = parameters;
  if (parameters.everything === true)
    return { scope: { everything: true, paths: [], prefixes: [] }, read: nothing };
  const atMostPaths = parameters['at-most-paths'] ?? provider.usualAtMostPaths;
  const basePath = basePathOf(base);
  const builder = createScopeBuilder({ atMostPaths, mostPrefixes: provider.mostPrefixes }, basePath);
  if (changes === undefined) {
    addWrittenPaths(paths, builder);
    return { scope: builder.scope(), read: nothing };
  }
  const mapping = { basePath, stripPrefix: parameters['strip-prefix'] ?? '', encode: provider.encode };
  const read = await addChanges(resolve(changes), mapping, builder, signal);
  return { scope: builder.scope(), read };
}

function describeScope({ everything, paths, prefixes, widened }: Scope): Readonly<Record<string, unknown>> {
  return {
    everything,
    paths: paths.length,
    prefixes,
    ...defined({ widened }),
  };
}

function requireBase(provider: Provider, scope: Scope, base: URL | undefined): void {
  if (!provider.needsBase || scope.everything || base !== undefined) return;
  throw new Failure('plan-invalid', `${provider.name} goes by whole addresses, and no 'base' is said`, {
    hint: "Say under which address the CDN serves the keys: 'base: https://cdn.example/…'.",
  });
}

/** The schema has let exactly one provider through. */
async function providerOf(context: TaskContext, parameters: CdnInvalidateParameters): Promise<Provider> {
  const reveal = async (written: WrittenReference, key: string): Promise<string> =>
    (await context.secrets.resolve(readReference(written, `cdn-invalidate: ${key}`))).reveal();
  const { cloudfront, cloudflare: zone, fastly: service, http } = parameters;
  if (zone !== undefined) {
    const endpoint = withoutSlash(zone.endpoint ?? cloudflareEndpoint);
    return cloudflare({ zone: zone.zone, token: await reveal(zone.token, 'token'), endpoint });
  }
  if (service !== undefined) {
    const endpoint = withoutSlash(service.endpoint ?? fastlyEndpoint);
    const token = await reveal(service.token, 'token');
    return fastly({ service: service.service, token, soft: service.soft ?? defaults.fastly.soft, endpoint });
  }
  if (http !== undefined) {
    const secretHeaders: Record<string, string> = {};
    for (const [name, reference] of Object.entries(http['secret-headers'] ?? {}))
      if (reference !== undefined) secretHeaders[name] = await reveal(reference, name);
    return httpCall({
      url: http.url,
      method: http.method ?? defaults.http.method,
      ...defined({ body: http.body }),
      headers: plain(http.headers ?? {}),
      secretHeaders,
      batch: http.batch ?? defaults.http.batch,
      ...(http.everything !== undefined && {
        everything: { ...http.everything, method: http.everything.method ?? defaults.http.everything.method },
      }),
    });
  }
  if (cloudfront === undefined) throw new Error('the schema asks for a provider');
  const id = cloudfront['access-key-id'];
  const secret = cloudfront['secret-access-key'];
  return cloudFront({
    distribution: cloudfront.distribution,
    ...defined({ endpoint: cloudfront.endpoint }),
    ...(id !== undefined &&
      secret !== undefined && {
        keys: {
          id: readReference(id, 'cdn-invalidate: access-key-id'),
          secret: readReference(secret, 'cdn-invalidate: secret-access-key'),
        },
      }),
    secrets: context.secrets,
    wait: parameters.wait ?? defaults.wait,
    reference: `${context.run.id} ${parameters.reference ?? ''}`,
  });
}

function withoutSlash(address: string): string {
  return address.replace(/\/+$/, '');
}

function plain(headers: Readonly<Record<string, string | undefined>>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}
