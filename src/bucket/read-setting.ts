import type { S3Store } from '../store/s3-client.ts';
import { namesOf } from '../store/s3-failure.ts';
import { bucketFailure } from './bucket-store.ts';
import type { Setting } from './setting.ts';

/** What is set, undefined for nothing. @throws Failure `repository-*`, `store-lacks` */
export async function readSetting<Value>(
  setting: Setting<Value>,
  store: S3Store,
  signal?: AbortSignal,
): Promise<Value | undefined> {
  try {
    return await setting.read(store, signal);
  } catch (error) {
    signal?.throwIfAborted();
    if (namesOf(error).some((name) => setting.absentBy.includes(name))) return undefined;
    const call = {
      doing: `read the ${setting.name}`,
      permission: setting.permissions.read,
      instead: setting.instead,
    };
    throw bucketFailure(error, call, store.location);
  }
}
