import { objectName, type S3Store } from '../store/s3-client.ts';
import { s3Failure, statusOf } from '../store/s3-failure.ts';

const dayMs = 86_400_000;

/** What the bucket's lifecycle rules do to versions that are no longer current. */
export interface NoncurrentExpiry {
  /** Milliseconds after which versions of a key may expire; undefined: none of the rules is about it. */
  of(key: string): number | undefined;
  /** The shortest of all rules. */
  readonly shortest: number | undefined;
  /** Why the rules are not known. */
  readonly unknown: string | undefined;
}

interface ExpiryRule {
  readonly prefix: string;
  readonly afterMs: number;
}

/** Reads the bucket's rules. Where they may not be read, nothing is known of expiry, and it says so. */
export async function readNoncurrentExpiry(store: S3Store, signal: AbortSignal): Promise<NoncurrentExpiry> {
  const { sdk, client, location } = store;
  try {
    const answer = await client.send(
      new sdk.GetBucketLifecycleConfigurationCommand({ Bucket: location.bucket }),
      { abortSignal: signal },
    );
    const rules = (answer.Rules ?? []).flatMap((rule): ExpiryRule[] => {
      const days = rule.NoncurrentVersionExpiration?.NoncurrentDays;
      if (rule.Status !== 'Enabled' || days === undefined) return [];
      // Tags, sizes and a number to keep narrow a rule: it may act on fewer versions, never earlier.
      return [{ prefix: prefixOf(rule), afterMs: days * dayMs }];
    });
    return noncurrentExpiry(rules, (key) => objectName(location, key));
  } catch (error) {
    signal.throwIfAborted();
    if (statusOf(error) === 404) return noncurrentExpiry([], String);
    const status = statusOf(error);
    if (status === 403 || status === 501 || status === 405) {
      return { ...noncurrentExpiry([], String), unknown: s3Failure(error, 'read', location).message };
    }
    throw s3Failure(error, 'read', location);
  }
}

export function noncurrentExpiry(
  rules: readonly ExpiryRule[],
  nameOf: (key: string) => string,
): NoncurrentExpiry {
  const shortestOf = (chosen: readonly ExpiryRule[]): number | undefined =>
    chosen.length === 0 ? undefined : Math.min(...chosen.map(({ afterMs }) => afterMs));
  return {
    of: (key) => (rules.length === 0 ? undefined : shortestOf(rulesFor(rules, nameOf(key)))),
    shortest: shortestOf(rules),
    unknown: undefined,
  };
}

function rulesFor(rules: readonly ExpiryRule[], name: string): readonly ExpiryRule[] {
  return rules.filter(({ prefix }) => name.startsWith(prefix));
}

function prefixOf(rule: {
  readonly Prefix?: string | undefined;
  readonly Filter?:
    | {
        readonly Prefix?: string | undefined;
        readonly And?: { readonly Prefix?: string | undefined } | undefined;
      }
    | undefined;
}): string {
  return rule.Filter?.And?.Prefix ?? rule.Filter?.Prefix ?? rule.Prefix ?? '';
}
