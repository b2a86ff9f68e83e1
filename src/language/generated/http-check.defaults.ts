// Generated from schemas/ by `npm run generate`. Do not edit.

/** What holds where nothing is said. */
export const defaults = {
  method: 'GET',
  timeout: '10s',
  'retry-until': '0s',
  every: '1s',
  redirects: 'follow',
} as const;
