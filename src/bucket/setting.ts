import type { Bucket } from '../language/environment/bucket.ts';
import { Failure } from '../base/failure.ts';
import type { StoredSetting } from '../s3/bucket.ts';
import type { S3 } from '../s3/client.ts';
import type { Difference, Facts } from './facts.ts';

export type SettingName =
  'tags' | 'versioning' | 'encryption' | 'block-public-access' | 'policy' | 'object-lock' | 'lifecycle';

/**
 * One setting of a bucket: what the store reads and writes in one call. `Value` is as the store's own interface has it;
 * undefined where nothing is set.
 */
export interface Setting<Value> extends StoredSetting<Value> {
  readonly name: SettingName;
  /** What to do where the store does not have it. */
  readonly instead: string;
  isWished(bucket: Bucket): boolean;
  /** What is there with the bucket's wishes put in; what others own is kept. Pure. */
  merge(bucket: Bucket, is: Value | undefined): Value | undefined;
  /** Everything that is set, what others own included. Pure. */
  facts(value: Value | undefined): Facts;
  /** What others own, in words. */
  others?(bucket: Bucket, is: Value | undefined): readonly string[];
  /** Why a difference would protect less than what is there; undefined when it does not. */
  weakens?(difference: Difference): string | undefined;
  /** What a difference will do, as an operator reads it. */
  consequence?(difference: Difference): string | undefined;
  /** A try in which the setting acts on nothing, before it is written. @throws Failure when the store keeps something else */
  rehearse?(store: S3, bucket: Bucket, is: Value | undefined): Promise<void>;
  /** What is there without the tries of other applies, which come and go. Pure. */
  withoutTries?(value: Value): Value;
  /** A harmless request whose answer the setting must not change, before and after it is written. Never rejects. */
  trial?(store: S3): Promise<string>;
}

/** What is set, undefined for nothing. @throws Failure `repository-*`, `store-lacks` */
export function readSetting<Value>(
  setting: Setting<Value>,
  store: S3,
  signal?: AbortSignal,
): Promise<Value | undefined> {
  return withInstead(setting, () => setting.read(store, signal));
}

/** Where the store does not have a setting, the failure says what to do instead. */
export async function withInstead<Result>(
  { instead }: Pick<Setting<never>, 'instead'>,
  action: () => Promise<Result>,
): Promise<Result> {
  try {
    return await action();
  } catch (error) {
    if (!(error instanceof Failure) || error.code !== 'store-lacks') throw error;
    throw new Failure(error.code, error.message, { hint: instead, fields: error.fields, cause: error });
  }
}
