// Generated from schemas/ by `npm run generate`. Do not edit.

/** What holds where nothing is said. */
export const defaults = {
  format: 'custom',
  jobs: 2,
  compress: { level: 1 },
  fingerprint: 'counts',
  globals: false,
  tags: { tier: 'daily' },
} as const;
