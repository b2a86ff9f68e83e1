import { placeFinding } from '../plan-file.ts';
import type { Problem } from '../../problem.ts';
import { backupsBesideUploads } from './backups-beside-uploads.ts';
import { drillWithoutCheck } from './drill-without-check.ts';
import { dumpWithoutVerify } from './dump-without-verify.ts';
import { expiryShorterThanRetention } from './expiry-shorter-than-retention.ts';
import { folderOnDatabaseHost } from './folder-on-database-host.ts';
import { jitterTooLong } from './jitter-too-long.ts';
import { noncurrentExpiryShorterThanRetention } from './noncurrent-expiry-shorter-than-retention.ts';
import { objectLockLongerThanRetention } from './object-lock-longer-than-retention.ts';
import { retentionKeepsNothing } from './retention-keeps-nothing.ts';
import type { Rule, RuleContext } from './rule.ts';
import { scheduleEnds } from './schedule-ends.ts';
import { scheduleNeverFires } from './schedule-never-fires.ts';
import { scheduleOverlaps } from './schedule-overlaps.ts';
import { scheduleSlowerThanRpo } from './schedule-slower-than-rpo.ts';
import { scheduleWithoutAlert } from './schedule-without-alert.ts';
import { secretInClear } from './secret-in-clear.ts';
import { storageClassSlowerThanRto } from './storage-class-slower-than-rto.ts';
import { timeoutMissing } from './timeout-missing.ts';

/** Every rule, in the order in which the documentation lists them. */
export const rules: readonly Rule[] = [
  dumpWithoutVerify,
  drillWithoutCheck,
  retentionKeepsNothing,
  scheduleSlowerThanRpo,
  scheduleNeverFires,
  scheduleOverlaps,
  scheduleEnds,
  jitterTooLong,
  scheduleWithoutAlert,
  timeoutMissing,
  secretInClear,
  backupsBesideUploads,
  folderOnDatabaseHost,
  expiryShorterThanRetention,
  noncurrentExpiryShorterThanRetention,
  objectLockLongerThanRetention,
  storageClassSlowerThanRto,
];

/** What the rules say of one plan; `isWhole` when it has no other errors. */
export function applyRules(context: RuleContext, isWhole: boolean): readonly Problem[] {
  return rules
    .filter(({ speaksOfAbsence }) => isWhole || speaksOfAbsence !== true)
    .flatMap(({ name, severity, check }) =>
      check(context).flatMap(({ file = 'plan', ...finding }) => {
        const document = file === 'plan' ? context.file.document : context.environments.document;
        return document === undefined ? [] : [placeFinding(document, { ...finding, rule: name, severity })];
      }),
    );
}
