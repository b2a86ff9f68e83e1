// Generated from schemas/ by `npm run generate`. Do not edit.

/** What holds where nothing is said. */
export const defaults = { 'warn-before': '21d', 'fail-before': '7d', environment: true } as const;
