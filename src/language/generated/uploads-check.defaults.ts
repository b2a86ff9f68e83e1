// Generated from schemas/ by `npm run generate`. Do not edit.

/** What holds where nothing is said. */
export const defaults = { content: 'none', orphans: 'report', grace: '1h' } as const;
