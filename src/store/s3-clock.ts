import type { S3Store } from './s3-client.ts';
import { s3Failure } from './s3-failure.ts';

/**
 * The store's own clock: the `Date` of an answer, whole seconds, rounded down. The SDK has no name for it, so a
 * middleware looks. @throws Failure `repository-*`
 */
export async function readStoreClock(store: S3Store, signal: AbortSignal | undefined): Promise<Date> {
  const { sdk, client, location } = store;
  const command = new sdk.HeadBucketCommand({ Bucket: location.bucket });
  let date: string | undefined;
  command.middlewareStack.add(
    (next) => async (handlerArguments) => {
      const answer = await next(handlerArguments);
      date = (answer.response as { headers?: Record<string, string> }).headers?.['date'];
      return answer;
    },
    { step: 'deserialize', name: 'readDate' },
  );
  try {
    await client.send(command, signal === undefined ? {} : { abortSignal: signal });
  } catch (error) {
    signal?.throwIfAborted();
    throw s3Failure(error, 'read', location);
  }
  const time = new Date(date ?? Number.NaN);
  if (Number.isNaN(time.getTime())) throw s3Failure(new Error('the answer has no Date'), 'read', location);
  return time;
}
