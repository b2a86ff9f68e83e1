import { storedTags, type StoredTag } from '../../s3/bucket.ts';
import { facts } from '../facts.ts';
import type { Setting } from '../setting.ts';

/** The bucket's own tags, for bills and inventories. */
export const tagsSetting: Setting<readonly StoredTag[]> = {
  ...storedTags,
  name: 'tags',
  instead: 'leave tags out: the store has none for buckets',
  isWished: ({ tags }) => Object.keys(tags).length > 0,
  merge: ({ tags }, is) => [
    ...(is ?? []).filter(({ Key }) => Key === undefined || !(Key in tags)),
    ...Object.entries(tags).map(([Key, Value]) => ({ Key, Value })),
  ],
  facts: (value) =>
    facts(Object.fromEntries((value ?? []).map(({ Key = '', Value = '' }) => [`tags.${Key}`, Value]))),
  others: ({ tags }, is) =>
    (is ?? []).flatMap(({ Key = '', Value = '' }) => (Key in tags ? [] : [`tag ${Key}: ${Value}`])),
};
