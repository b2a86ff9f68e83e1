// Generated from schemas/ by `npm run generate`. Do not edit.

/** What holds where nothing is said. */
export const defaults = {
  step: {
    'stall-timeout': '30m',
    retry: { times: 0, delay: '10s', backoff: 'constant' },
    'continue-on-failure': false,
  },
  timer: { 'wake-system': false },
  alerts: { 'sign-off-within': '7d' },
  retention: { 'keep-at-least': 1 },
  timeout: '24h',
} as const;
