import { defined } from '../base/defined.ts';
import type { Bucket } from '../language/environment/bucket.ts';
import { Failure } from '../base/failure.ts';
import { bucketExists } from '../s3/bucket.ts';
import type { S3 } from '../s3/client.ts';
import type { KnownCapabilities } from './capability/known-capabilities.ts';
import { lacksOf } from './capability/lacks.ts';
import { consequences } from './consequences.ts';
import { differences, type Difference } from './facts.ts';
import { readSetting, type Setting, type SettingName } from './setting.ts';
import { forEachSetting } from './settings-in-order.ts';

/** One line of a comparison. */
export interface ComparedRow extends Difference {
  readonly setting: SettingName | 'bucket';
  /** Why it would protect less than what is there. */
  readonly weaker?: string;
  /** What it will do, as an operator reads it. */
  readonly consequence?: string;
}

/** How a bucket differs from what the YAML says. */
export interface BucketComparison {
  readonly bucket: string;
  readonly exists: boolean;
  readonly rows: readonly ComparedRow[];
  /** What others own and stays, in words. */
  readonly kept: readonly string[];
  /** Settings that could not be compared, each with its reason. */
  readonly faults: readonly { readonly setting: SettingName; readonly failure: Failure }[];
}

export interface CompareOptions {
  readonly signal?: AbortSignal;
  /** Whether consequences of lifecycle rules are counted, which lists every version below their prefix; yes unless said. */
  readonly counts?: boolean;
  /** What the store was seen to do, where it was probed. */
  readonly known?: KnownCapabilities | undefined;
}

/**
 * Reads every setting that the YAML wishes and compares it; changes nothing. What may not be read, or what the store
 * does not have, becomes a fault of that setting.
 * @throws Failure `repository-*` when the bucket cannot be reached or is absent and not to be made
 */
export async function compareBucket(
  store: S3,
  bucket: Bucket,
  { signal, known, counts = true }: CompareOptions = {},
): Promise<BucketComparison> {
  const exists = await bucketExists(store, signal);
  if (!exists && !bucket.create) throw absent(bucket);
  const parts = await Promise.all(
    forEachSetting((setting) => compareSetting(setting, store, bucket, exists, { signal, counts })),
  );
  const creation: readonly ComparedRow[] = exists
    ? []
    : [
        {
          setting: 'bucket',
          key: 'bucket',
          is: 'absent',
          should: bucket.objectLock === undefined ? 'present' : 'present, with object lock',
          consequence: 'it will be made',
        },
      ];
  return {
    bucket: bucket.name,
    exists,
    rows: [...creation, ...parts.flatMap(({ rows }) => rows)],
    kept: parts.flatMap(({ kept }) => kept),
    faults: [
      ...parts.flatMap(({ fault }) => (fault === undefined ? [] : [fault])),
      // What the setting itself has already told is not told twice.
      ...lacksOf(bucket, known).filter(
        ({ setting }) => !parts.some(({ fault }) => fault?.setting === setting),
      ),
    ],
  };
}

type SettingPart = Pick<BucketComparison, 'rows' | 'kept'> & {
  readonly fault?: BucketComparison['faults'][number];
};

async function compareSetting<Value>(
  setting: Setting<Value>,
  store: S3,
  bucket: Bucket,
  exists: boolean,
  { signal, counts }: { readonly signal: AbortSignal | undefined; readonly counts: boolean },
): Promise<SettingPart> {
  if (!setting.isWished(bucket)) return { rows: [], kept: [] };
  try {
    const is = exists ? await readSetting(setting, store, signal) : undefined;
    const rows = rowsOf(setting, bucket, is);
    const told =
      exists && counts && setting.name === 'lifecycle'
        ? await consequences(store, bucket, rows, signal)
        : rows;
    return { rows: told, kept: setting.others?.(bucket, is) ?? [] };
  } catch (error) {
    signal?.throwIfAborted();
    if (!(error instanceof Failure) || error.code === 'repository-unreachable') throw error;
    return {
      rows: [],
      kept: [],
      fault: { setting: setting.name, failure: located(error, bucket, setting.name) },
    };
  }
}

/** With the place of the setting in the YAML, for what the YAML alone can change. */
function located(failure: Failure, bucket: Bucket, setting: SettingName): Failure {
  const where = bucket.positions?.get(setting);
  if (failure.code !== 'store-lacks' || where === undefined) return failure;
  const { code, message, hint, cause } = failure;
  return new Failure(code, message, { ...defined({ hint }), where, cause });
}

/** The differences of one setting. Pure. */
export function rowsOf<Value>(
  setting: Setting<Value>,
  bucket: Bucket,
  is: Value | undefined,
): readonly ComparedRow[] {
  const should = setting.merge(bucket, is);
  return differences(setting.facts(is), setting.facts(should)).map((difference) => {
    const weaker = setting.weakens?.(difference);
    const consequence = setting.consequence?.(difference);
    return {
      setting: setting.name,
      ...difference,
      ...defined({ weaker, consequence }),
    };
  });
}

function absent({ name }: Bucket): Failure {
  return new Failure('repository-missing', `There is no bucket ${name}`, {
    hint: `check the name and the endpoint, or say create: true under buckets: ${name}`,
  });
}
