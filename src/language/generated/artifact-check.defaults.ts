// Generated from schemas/ by `npm run generate`. Do not edit.

/** What holds where nothing is said. */
export const defaults = {
  history: 10,
  'smallest-share': 0.5,
  'largest-share': 2,
  'size-change': 'warn',
} as const;
