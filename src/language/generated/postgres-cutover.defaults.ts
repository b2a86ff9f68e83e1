// Generated from schemas/ by `npm run generate`. Do not edit.

/** What holds where nothing is said. */
export const defaults = { privileges: 'copy', 'live-gone': false, wait: '30s' } as const;
