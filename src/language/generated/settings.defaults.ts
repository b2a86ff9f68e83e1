// Generated from schemas/ by `npm run generate`. Do not edit.

/** What holds where nothing is said. */
export const defaults = {
  plans: 'plans',
  tasks: ['tasks'],
  'log-format': 'auto',
  defaults: { 'time-zone': 'UTC' },
} as const;
