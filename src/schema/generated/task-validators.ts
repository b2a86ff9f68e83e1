// Generated from schemas/ by `npm run generate`. Do not edit.

export const taskValidators = {
  'artifact-prune': () => import('./artifact-prune.validate.ts'),
  'artifact-verify': () => import('./artifact-verify.validate.ts'),
  'bucket-canary': () => import('./bucket-canary.validate.ts'),
  'cdn-invalidate': () => import('./cdn-invalidate.validate.ts'),
  'drill-require': () => import('./drill-require.validate.ts'),
  'http-check': () => import('./http-check.validate.ts'),
  'postgres-cutover': () => import('./postgres-cutover.validate.ts'),
  'postgres-drop': () => import('./postgres-drop.validate.ts'),
  'postgres-dump': () => import('./postgres-dump.validate.ts'),
  'postgres-restore': () => import('./postgres-restore.validate.ts'),
  'restore-compare': () => import('./restore-compare.validate.ts'),
  'service-monitor': () => import('./service-monitor.validate.ts'),
  'sql-check': () => import('./sql-check.validate.ts'),
  'uploads-check': () => import('./uploads-check.validate.ts'),
  'uploads-restore': () => import('./uploads-restore.validate.ts'),
  'uploads-sync': () => import('./uploads-sync.validate.ts'),
};
