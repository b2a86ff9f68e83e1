import { defined } from '../../base/defined.ts';
import type { Bucket, LifecycleRule } from '../../language/environment/bucket.ts';
import { Failure } from '../../base/failure.ts';
import type { ProbedCapability } from '../../language/generated/store-capabilities.types.ts';
import { insteadOfRuleParts } from '../kept-otherwise.ts';
import type { SettingName } from '../setting.ts';
import { encryptionSetting } from '../settings/encryption.ts';
import { objectLockSetting } from '../settings/object-lock.ts';
import { publicAccessSetting } from '../settings/public-access.ts';
import { versioningSetting } from '../settings/versioning.ts';
import type { KnownCapabilities } from './known-capabilities.ts';

/** What a bucket's YAML asks of its store. */
interface Demand {
  readonly capability: ProbedCapability['name'];
  readonly setting: SettingName;
  /** Path below the bucket, as `Bucket.positions` has it. */
  readonly path: string;
  readonly instead: string;
}

/** A setting that the YAML asks for and the store was seen not to have. */
export interface Lack {
  readonly setting: SettingName;
  /** `store-lacks`, with the place in the YAML and what to do instead. */
  readonly failure: Failure;
}

/**
 * Everything that the YAML asks for and that the store was seen not to have when it was probed. What is not known, or
 * was seen too long ago, is no lack: `apply` finds out without harm. Pure.
 */
export function lacksOf(bucket: Bucket, known: KnownCapabilities | undefined): readonly Lack[] {
  if (known === undefined || known.isStale) return [];
  const seen = new Map(known.capabilities.map((capability) => [capability.name, capability]));
  return demands(bucket).flatMap(({ capability, setting, path, instead }) => {
    const probed = seen.get(capability);
    if (probed?.state !== 'no') return [];
    const where = bucket.positions?.get(path);
    const on = known.probedAt.toISOString().slice(0, 10);
    const failure = new Failure(
      'store-lacks',
      `The store at ${known.endpoint} has no ${capability} (${probed.found}; probed on ${on}), and bucket ${bucket.name} asks for ${path}`,
      {
        hint: `${instead}; if the store has changed since, run-plan doctor --fresh probes it anew`,
        ...defined({ where }),
      },
    );
    return [{ setting, failure }];
  });
}

function demands(bucket: Bucket): readonly Demand[] {
  const { versioning, encryption, blockPublicAccess, objectLock } = bucket;
  const found: Demand[] = [];
  const ask = (capability: Demand['capability'], { name, instead }: Named, path: string): void => {
    found.push({ capability, setting: name, path, instead });
  };
  if (versioning === true) ask('versioning', versioningSetting, 'versioning');
  if (encryption?.algorithm === 'AES256')
    ask('default-encryption-aes256', encryptionSetting, 'encryption.algorithm');
  if (encryption?.algorithm === 'aws:kms')
    ask('default-encryption-kms', encryptionSetting, 'encryption.algorithm');
  if (blockPublicAccess === true) ask('public-access-block', publicAccessSetting, 'block-public-access');
  if (objectLock !== undefined) ask('object-lock', objectLockSetting, 'object-lock');
  return [...found, ...bucket.lifecycle.flatMap(ruleDemands)];
}

interface Named {
  readonly name: SettingName;
  readonly instead: string;
}

function ruleDemands(rule: LifecycleRule): readonly Demand[] {
  const { id, noncurrent } = rule;
  const found: Demand[] = [];
  const ask = (capability: Demand['capability'], key: string, instead: string): void => {
    found.push({ capability, setting: 'lifecycle', path: `lifecycle.${id}.${key}`, instead });
  };
  const byHand = 'leave this rule out: the store would not do it';
  if (Object.keys(rule.tags).length > 0)
    ask('lifecycle-tags', 'tags', 'leave tags out and choose by prefix: this store does not look at tags');
  for (const key of ['larger-than', 'smaller-than'] as const) {
    const bytes = key === 'larger-than' ? rule.largerThanBytes : rule.smallerThanBytes;
    if (bytes !== undefined) ask('lifecycle-sizes', key, insteadOfRuleParts[key]);
  }
  if (rule.transitions.length > 0) ask('lifecycle-transitions', 'transition', byHand);
  if (noncurrent?.expireAfterMs !== undefined) ask('lifecycle-noncurrent', 'noncurrent.expire-after', byHand);
  if (noncurrent?.keepNewest !== undefined)
    ask('lifecycle-keep-newest', 'noncurrent.keep-newest', insteadOfRuleParts['keep-newest']);
  if (rule.expireDeleteMarkers) ask('lifecycle-delete-markers', 'expire-delete-markers', byHand);
  if (rule.abortIncompleteUploadsAfterMs !== undefined)
    ask('lifecycle-unfinished-uploads', 'abort-incomplete-uploads-after', byHand);
  return found;
}
