import type { Setting } from './setting.ts';
import { encryptionSetting } from './settings/encryption.ts';
import { lifecycleSetting } from './settings/lifecycle.ts';
import { objectLockSetting } from './settings/object-lock.ts';
import { policySetting } from './settings/policy.ts';
import { publicAccessSetting } from './settings/public-access.ts';
import { tagsSetting } from './settings/tags.ts';
import { versioningSetting } from './settings/versioning.ts';

/** What may be done with any setting, whatever its value is. */
export type SettingUse<Result> = <Value>(setting: Setting<Value>) => Result;

/**
 * Uses every setting, the weakest risk first, so that what fails leaves the bucket no worse than it was: tags touch no
 * object; versioning only keeps more; encryption and the public access block concern new requests and can be taken back;
 * a policy may refuse a client; a lock cannot be taken back from the versions that were written under it; lifecycle
 * rules remove data, and only once everything that protects it stands.
 */
export function forEachSetting<Result>(use: SettingUse<Result>): readonly Result[] {
  return [
    use(tagsSetting),
    use(versioningSetting),
    use(encryptionSetting),
    use(publicAccessSetting),
    use(policySetting),
    use(objectLockSetting),
    use(lifecycleSetting),
  ];
}
