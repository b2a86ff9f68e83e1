// Generated from schemas/ by `npm run generate`. Do not edit.

/** What holds where nothing is said. */
export const defaults = {
  'dry-run': false,
  untrusted: 'fail',
  'archived-tier': 'standard',
  concurrency: 16,
} as const;
