// Generated from schemas/ by `npm run generate`. Do not edit.

/** What holds where nothing is said. */
export const defaults = {
  format: 'custom',
  compress: 'zstd',
  fingerprint: 'counts',
  globals: false,
} as const;
