import { storedVersioning } from '../../s3/bucket.ts';
import { facts } from '../facts.ts';
import type { Setting } from '../setting.ts';

/** Whether what is overwritten or deleted stays as a noncurrent version. */
export const versioningSetting: Setting<'Enabled' | 'Suspended'> = {
  ...storedVersioning,
  name: 'versioning',
  instead: 'leave versioning out; without it nothing protects objects against being overwritten',
  isWished: ({ versioning }) => versioning !== undefined,
  merge: ({ versioning }, is) => {
    if (versioning === true) return 'Enabled';
    // A bucket that had versions once can only rest from making more.
    return is === 'Enabled' ? 'Suspended' : is;
  },
  facts: (value) =>
    facts({ versioning: value === undefined ? 'off' : value === 'Enabled' ? 'on' : 'suspended' }),
  weakens: ({ is }) =>
    is === 'on' ? 'what is overwritten or deleted from then on is gone at once' : undefined,
  consequence: ({ should }) =>
    should === 'on' ? 'what is overwritten or deleted from now on stays as a version' : undefined,
};
