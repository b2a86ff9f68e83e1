// Generated from schemas/ by `npm run generate`. Do not edit.

/** What holds where nothing is said. */
export const defaults = {
  for: '30m',
  every: '15s',
  http: { timeout: '10s' },
  'max-error-rate': 0.01,
  window: '5m',
  'min-probes': 10,
} as const;
