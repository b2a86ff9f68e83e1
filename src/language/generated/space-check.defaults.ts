// Generated from schemas/ by `npm run generate`. Do not edit.

/** What holds where nothing is said. */
export const defaults = {
  'warn-below': '10%',
  'fail-below': '5%',
  'warn-below-inodes': '10%',
  'fail-below-inodes': '5%',
  server: true,
  'max-retained-log': '50GB',
} as const;
