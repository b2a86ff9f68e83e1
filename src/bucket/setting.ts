import type { Bucket } from '../language/environment/bucket.ts';
import type { S3Store } from '../store/s3-client.ts';
import type { Difference, Facts } from './facts.ts';

export type SettingName =
  'tags' | 'versioning' | 'encryption' | 'block-public-access' | 'policy' | 'object-lock' | 'lifecycle';

/**
 * One setting of a bucket: what the store reads and writes in one call. `Value` is as the store's own interface has it;
 * undefined where nothing is set. Reading and writing throw the SDK's errors.
 */
export interface Setting<Value> {
  readonly name: SettingName;
  /** What the access keys must be allowed, for hints. */
  readonly permissions: { readonly read: string; readonly write: string };
  /** Names of the store's errors that mean: nothing is set. */
  readonly absentBy: readonly string[];
  /** What to do where the store does not have it. */
  readonly instead: string;
  isWished(bucket: Bucket): boolean;
  read(store: S3Store, signal?: AbortSignal): Promise<Value | undefined>;
  /** What is there with the bucket's wishes put in; what others own is kept. Pure. */
  merge(bucket: Bucket, is: Value | undefined): Value | undefined;
  write(store: S3Store, value: Value): Promise<void>;
  /** Undoes a first write. */
  remove(store: S3Store): Promise<void>;
  /** Everything that is set, what others own included. Pure. */
  facts(value: Value | undefined): Facts;
  /** What others own, in words. */
  others?(bucket: Bucket, is: Value | undefined): readonly string[];
  /** Why a difference would protect less than what is there; undefined when it does not. */
  weakens?(difference: Difference): string | undefined;
  /** What a difference will do, as an operator reads it. */
  consequence?(difference: Difference): string | undefined;
  /** A try in which the setting acts on nothing, before it is written. @throws Failure when the store keeps something else */
  rehearse?(store: S3Store, bucket: Bucket, is: Value | undefined): Promise<void>;
  /** What is there without the tries of other applies, which come and go. Pure. */
  withoutTries?(value: Value): Value;
  /** A harmless request whose answer the setting must not change, before and after it is written. Never rejects. */
  trial?(store: S3Store): Promise<string>;
}
