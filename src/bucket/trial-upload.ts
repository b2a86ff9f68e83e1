import type { PutObjectCommandInput } from '@aws-sdk/client-s3';
import { objectName, type S3Store } from '../store/s3-client.ts';
import { namesOf } from '../store/s3-failure.ts';

/** Of the empty text: right for no body but that. */
const wrongMd5 = '1B2M2Y8AsgTpgAmY7PhCfg==';

/**
 * Sends an upload whose checksum is wrong, and gives the name of the error: a store that takes uploads says that it is
 * wrong and stores nothing, one that refuses them says so. Whatever is stored all the same is removed. `attributes` are
 * those that uploads are made with, where a policy asks for them.
 */
export async function trialUpload(
  { sdk, client, location }: S3Store,
  attributes: Partial<PutObjectCommandInput> = {},
): Promise<string> {
  const place = { Bucket: location.bucket, Key: objectName(location, '.run-plan-trial') };
  try {
    const command = new sdk.PutObjectCommand({
      ...attributes,
      ...place,
      Body: 'trial',
      ContentMD5: wrongMd5,
    });
    const { VersionId } = await client.send(command);
    await client.send(
      new sdk.DeleteObjectCommand({ ...place, ...(VersionId !== undefined && { VersionId }) }),
    );
    return 'stored';
  } catch (error) {
    return namesOf(error)[0] ?? 'unknown';
  }
}
