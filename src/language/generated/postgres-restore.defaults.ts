// Generated from schemas/ by `npm run generate`. Do not edit.

/** What holds where nothing is said. */
export const defaults = {
  artifact: 'latest',
  jobs: 'auto',
  replace: false,
  'same-server': false,
  'allow-create-in-dump': false,
  'single-transaction': false,
  'schema-only': false,
  'data-only': false,
  roles: false,
  privileges: 'none',
  resume: false,
} as const;
