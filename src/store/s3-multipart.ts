import type { CompletedPart } from '@aws-sdk/client-s3';
import type { FilledPart } from './part-buffer.ts';
import { s3Failure } from './s3-failure.ts';
import { finish, refuseExisting, undoLimitMs, type Upload } from './s3-finish.ts';

/**
 * Sends parts as they are filled, as many at once as their memory allows, and completes the upload; returns the bytes
 * sent. The first part that fails stops the body and the others; the upload is aborted once none of them is under way.
 */
export async function sendParts(
  upload: Upload,
  first: FilledPart,
  others: AsyncGenerator<FilledPart>,
  stop: AbortController,
): Promise<number> {
  const { sdk, client } = upload.store;
  const UploadId = await begin(upload);
  const sent: CompletedPart[] = [];
  const sending: Promise<void>[] = [];
  let bytes = 0;
  const sendPart = (part: FilledPart): void => {
    bytes += part.bytes.length;
    sending.push(
      transferPart(upload, UploadId, part)
        .then((done) => {
          sent.push(done);
        })
        .catch((error: unknown) => {
          // Ends the body and the other parts; the first reason is the one that counts.
          stop.abort(s3Failure(error, 'store', upload.store.location, upload.key));
        })
        .finally(part.release),
    );
  };
  try {
    sendPart(first);
    for await (const part of others) sendPart(part);
    await Promise.all(sending);
    upload.signal.throwIfAborted();
    await refuseExisting(upload);
    const Parts = sent.sort((left, right) => (left.PartNumber ?? 0) - (right.PartNumber ?? 0));
    await finish(upload, (condition) =>
      client.send(
        new sdk.CompleteMultipartUploadCommand({
          ...upload.target,
          ...condition,
          UploadId,
          MultipartUpload: { Parts },
        }),
        { abortSignal: upload.signal },
      ),
    );
    return bytes;
  } catch (error) {
    stop.abort(error);
    // A part that arrives after the upload was aborted would stay, unseen and paid for.
    await Promise.all(sending);
    await abandon(upload, UploadId);
    throw error;
  }
}

async function begin(upload: Upload): Promise<string> {
  const { sdk, client, location } = upload.store;
  const checksum = location.endpoint === undefined ? { ChecksumAlgorithm: 'CRC32' as const } : {};
  // Cut off at once, it would leave an upload whose id nobody learned.
  const grace = delayed(upload.signal, undoLimitMs / 2);
  try {
    const begun = await client.send(
      new sdk.CreateMultipartUploadCommand({ ...upload.target, ...upload.attributes, ...checksum }),
      { abortSignal: grace },
    );
    if (begun.UploadId === undefined || begun.UploadId === '') throw new Error('the store gave no upload id');
    return begun.UploadId;
  } catch (error) {
    upload.signal.throwIfAborted();
    throw s3Failure(error, 'store', location, upload.key);
  }
}

async function transferPart(upload: Upload, UploadId: string, part: FilledPart): Promise<CompletedPart> {
  const { sdk, client } = upload.store;
  const stored = await client.send(
    new sdk.UploadPartCommand({ ...upload.target, UploadId, PartNumber: part.number, Body: part.bytes }),
    { abortSignal: upload.signal },
  );
  return {
    PartNumber: part.number,
    ETag: stored.ETag,
    ...(stored.ChecksumCRC32 !== undefined && { ChecksumCRC32: stored.ChecksumCRC32 }),
  };
}

/** Best effort in a limited time: what remains is listed by `unfinished` and removed as debris. */
async function abandon(upload: Upload, UploadId: string): Promise<void> {
  const { sdk, client } = upload.store;
  await client
    .send(new sdk.AbortMultipartUploadCommand({ ...upload.target, UploadId }), {
      abortSignal: AbortSignal.timeout(undoLimitMs),
    })
    .catch(() => undefined);
}

/** A signal that aborts `ms` milliseconds after another one. */
function delayed(signal: AbortSignal, ms: number): AbortSignal {
  const controller = new AbortController();
  const start = (): void => {
    setTimeout(() => {
      controller.abort(signal.reason);
    }, ms).unref();
  };
  if (signal.aborted) start();
  else signal.addEventListener('abort', start, { once: true });
  return controller.signal;
}
