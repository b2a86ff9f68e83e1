// Generated from schemas/ by `npm run generate`. Do not edit.

/** What holds where nothing is said. */
export const defaults = {
  fastly: { soft: false },
  http: { method: 'POST', batch: 100, everything: { method: 'POST' } },
  wait: true,
  'wait-at-most': '15m',
} as const;
