import { Failure } from '../base/failure.ts';
import { storedLifecycle, type StoredRule } from '../s3/bucket.ts';
import { objectName, type S3 } from '../s3/client.ts';
import { statusOf } from '../s3/failure.ts';

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
export async function readNoncurrentExpiry(store: S3, signal: AbortSignal): Promise<NoncurrentExpiry> {
  const { location } = store;
  try {
    const rules = ((await storedLifecycle.read(store, signal)) ?? []).flatMap((rule): ExpiryRule[] => {
      const days = rule.NoncurrentVersionExpiration?.NoncurrentDays;
      if (rule.Status !== 'Enabled' || days === undefined) return [];
      // Tags, sizes and a number to keep narrow a rule: it may act on fewer versions, never earlier.
      return [{ prefix: prefixOf(rule), afterMs: days * dayMs }];
    });
    return noncurrentExpiry(rules, (key) => objectName(location, key));
  } catch (error) {
    signal.throwIfAborted();
    // Whoever may not read them, or has a store without rules, may restore all the same.
    if (error instanceof Failure && [403, 405, 501].includes(statusOf(error) ?? 0))
      return { ...noncurrentExpiry([], String), unknown: error.message };
    throw error;
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

function prefixOf({ Filter, ...rule }: StoredRule): string {
  // A rule of the first form has its prefix outside of the filter.
  const { Prefix }: { readonly Prefix?: string | undefined } = rule;
  return Filter?.And?.Prefix ?? Filter?.Prefix ?? Prefix ?? '';
}
