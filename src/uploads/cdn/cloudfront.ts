import { defined } from '../../base/defined.ts';
import { createHash } from 'node:crypto';
import type * as CloudFrontSdk from '@aws-sdk/client-cloudfront';
import { Failure } from '../../base/failure.ts';
import { namesOfSdk, statusOfSdk } from '../../base/sdk-error.ts';
import type { SecretReference, Secrets } from '../../language/secret-reference.ts';
import type { InvalidationWork, Provider } from './provider.ts';
import { batchesOf, type Scope } from './scope.ts';
import { encodeForCloudFront } from './url-path.ts';

export interface CloudFrontDistribution {
  readonly distribution: string;
  readonly endpoint?: string;
  /** Absent: the SDK's usual chain (environment, profile, instance role). */
  readonly keys?: { readonly id: SecretReference; readonly secret: SecretReference };
  readonly secrets: Secrets;
  /** Whether to wait until the copies are gone everywhere. */
  readonly wait: boolean;
  /** The same for every try of one step, so that CloudFront knows a repeated request again. */
  readonly reference: string;
}

/**
 * In progress at once for a distribution: 3,000 paths, and 15 that end in `*`.
 * https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/InvalidationLimits.html
 */
const mostPaths = 3000;
const mostWildcards = 15;

/** As many as are free of charge each month: https://aws.amazon.com/cloudfront/pricing; a wildcard counts as one. */
const usualAtMostPaths = 1000;

const pollMs = 5000;
const requestLimits = { connectionTimeout: 10_000, socketTimeout: 30_000, requestTimeout: 30_000 };
const attempts = 6;

interface Asked {
  readonly sdk: typeof CloudFrontSdk;
  readonly client: CloudFrontSdk.CloudFrontClient;
  readonly settings: CloudFrontDistribution;
  readonly work: InvalidationWork;
}

/** Invalidates paths of a CloudFront distribution. */
export function cloudFront(settings: CloudFrontDistribution): Provider {
  return {
    name: nameOf(settings),
    usualAtMostPaths,
    mostPrefixes: mostWildcards,
    encode: encodeForCloudFront,
    needsBase: false,
    invalidate: async (scope, work) => {
      const sdk = await import('@aws-sdk/client-cloudfront');
      const client = createClient(sdk, settings);
      try {
        for (const paths of requestsOf(scope)) await invalidateBatch({ sdk, client, settings, work }, paths);
      } finally {
        client.destroy();
      }
    },
  };
}

function nameOf({ distribution }: CloudFrontDistribution): string {
  return `CloudFront distribution ${distribution}`;
}

/** Retries 5xx and throttling by itself, with the time that the answer asks for. CloudFront is one service for all regions. */
function createClient(
  sdk: typeof CloudFrontSdk,
  { endpoint, keys, secrets }: CloudFrontDistribution,
): CloudFrontSdk.CloudFrontClient {
  const credentials = async (): Promise<{ accessKeyId: string; secretAccessKey: string }> => {
    if (keys === undefined) throw new Error('only asked for with keys');
    const [id, secret] = await Promise.all([secrets.resolve(keys.id), secrets.resolve(keys.secret)]);
    return { accessKeyId: id.reveal(), secretAccessKey: secret.reveal() };
  };
  return new sdk.CloudFrontClient({
    region: 'us-east-1',
    ...defined({ endpoint }),
    ...(keys !== undefined && { credentials }),
    retryMode: 'standard',
    maxAttempts: attempts,
    requestHandler: { ...requestLimits, throwOnRequestTimeout: true },
  });
}

/** Lists of paths that each fit into what may be in progress. A key that ends in `*` counts as a wildcard, too. */
export function requestsOf(scope: Scope): readonly (readonly string[])[] {
  if (scope.everything) return [['/*']];
  const isWild = (path: string): boolean => path.endsWith('*');
  const wild = [...scope.prefixes.map((prefix) => `${prefix}*`), ...scope.paths.filter(isWild)];
  const exact = scope.paths.filter((path) => !isWild(path));
  return [...batchesOf(exact, mostPaths), ...batchesOf(wild, mostWildcards)];
}

async function invalidateBatch(asked: Asked, paths: readonly string[]): Promise<void> {
  const { work, settings } = asked;
  const id = await create(asked, paths);
  work.done.requests += 1;
  work.done.ids.push(id);
  if (settings.wait) await completion(asked, id);
}

/** Others may have invalidations in progress: then it waits for room until the deadline. */
async function create(asked: Asked, paths: readonly string[]): Promise<string> {
  const { sdk, client, settings, work } = asked;
  const digest = createHash('sha256')
    .update(JSON.stringify([settings.reference, paths]))
    .digest('hex');
  const command = new sdk.CreateInvalidationCommand({
    DistributionId: settings.distribution,
    InvalidationBatch: {
      CallerReference: digest,
      Paths: { Quantity: paths.length, Items: [...paths] },
    },
  });
  for (;;) {
    try {
      const { Invalidation } = await client.send(command, { abortSignal: work.signal });
      if (Invalidation?.Id === undefined) throw new Error('the answer has no invalidation');
      return Invalidation.Id;
    } catch (error) {
      const isFull = namesOfSdk(error).includes('TooManyInvalidationsInProgress');
      if (!isFull || isOver(work)) throw cloudFrontFailure(asked, 'creating an invalidation', error);
      work.onPhase(`${nameOf(settings)}: waiting for other invalidations`);
      await work.clock.sleep(pollMs, work.signal);
    }
  }
}

async function completion(asked: Asked, id: string): Promise<void> {
  const { sdk, client, settings, work } = asked;
  const command = new sdk.GetInvalidationCommand({ DistributionId: settings.distribution, Id: id });
  for (;;) {
    let status: string | undefined;
    try {
      status = (await client.send(command, { abortSignal: work.signal })).Invalidation?.Status;
    } catch (error) {
      throw cloudFrontFailure(asked, `looking at invalidation ${id}`, error);
    }
    if (status === 'Completed') return;
    if (isOver(work)) {
      throw new Failure(
        'invalidation-failed',
        `${nameOf(settings)}: invalidation ${id} is still '${String(status)}'`,
        {
          hint: "It goes on by itself. Raise 'wait-at-most', or say 'wait: false'.",
        },
      );
    }
    work.onPhase(`${nameOf(settings)}: waiting for invalidation ${id}`);
    await work.clock.sleep(pollMs, work.signal);
  }
}

function isOver({ clock, deadlineMs }: InvalidationWork): boolean {
  return clock.monotonicMs() + pollMs > deadlineMs;
}

function cloudFrontFailure({ settings, work }: Asked, what: string, error: unknown): unknown {
  if (work.signal.aborted) return work.signal.reason;
  if (error instanceof Failure) return error;
  const status = statusOfSdk(error);
  const [name = 'error'] = namesOfSdk(error);
  const said = error instanceof Error ? error.message : String(error);
  const shown = status === undefined ? name : `${name}, ${String(status)}`;
  return new Failure('invalidation-failed', `${nameOf(settings)}: ${what} failed (${shown}): ${said}`, {
    hint:
      status === 403 || name === 'CredentialsProviderError'
        ? 'The keys or role need cloudfront:CreateInvalidation and cloudfront:GetInvalidation on the distribution.'
        : 'It may be repeated without harm: a repeated request of one run makes no second invalidation.',
    cause: error,
  });
}
