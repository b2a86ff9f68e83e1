// Generated from schemas/ by `npm run generate`. Do not edit.

/** What holds where nothing is said. */
export const defaults = {
  symlinks: 'skip',
  delete: false,
  'delete-limit': 25,
  'allow-unversioned': false,
  'dry-run': false,
  concurrency: 8,
} as const;
