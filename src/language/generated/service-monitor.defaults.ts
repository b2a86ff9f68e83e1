// Generated from schemas/ by `npm run generate`. Do not edit.

/** What holds where nothing is said. */
export const defaults = { 'max-error-rate': 0.01, 'min-probes': 10 } as const;
