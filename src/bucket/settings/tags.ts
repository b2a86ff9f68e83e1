import type { Tag } from '@aws-sdk/client-s3';
import { facts } from '../facts.ts';
import type { Setting } from '../setting.ts';

/** The bucket's own tags, for bills and inventories. */
export const tagsSetting: Setting<readonly Tag[]> = {
  name: 'tags',
  permissions: { read: 's3:GetBucketTagging', write: 's3:PutBucketTagging' },
  absentBy: ['NoSuchTagSet', 'NoSuchTagSetError'],
  instead: 'leave tags out: the store has none for buckets',
  isWished: ({ tags }) => Object.keys(tags).length > 0,
  read: async ({ sdk, client, location }, abortSignal) => {
    const command = new sdk.GetBucketTaggingCommand({ Bucket: location.bucket });
    return (await client.send(command, { ...(abortSignal !== undefined && { abortSignal }) })).TagSet;
  },
  merge: ({ tags }, is) => [
    ...(is ?? []).filter(({ Key }) => Key === undefined || !(Key in tags)),
    ...Object.entries(tags).map(([Key, Value]) => ({ Key, Value })),
  ],
  write: async ({ sdk, client, location }, value) => {
    const command = new sdk.PutBucketTaggingCommand({
      Bucket: location.bucket,
      Tagging: { TagSet: [...value] },
    });
    await client.send(command);
  },
  remove: async ({ sdk, client, location }) => {
    await client.send(new sdk.DeleteBucketTaggingCommand({ Bucket: location.bucket }));
  },
  facts: (value) =>
    facts(Object.fromEntries((value ?? []).map(({ Key = '', Value = '' }) => [`tags.${Key}`, Value]))),
  others: ({ tags }, is) =>
    (is ?? []).flatMap(({ Key = '', Value = '' }) => (Key in tags ? [] : [`tag ${Key}: ${Value}`])),
};
