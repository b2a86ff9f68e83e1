import { defaults } from '../../generated/plan.defaults.ts';
import { writtenKeys } from '../plan-file.ts';
import type { Rule } from './rule.ts';

export const timeoutMissing: Rule = {
  name: 'timeout-missing',
  severity: 'warning',
  reason: 'A run that hangs is noticed by the next one, which finds it still running.',
  speaksOfAbsence: true,
  check: ({ file, settings }) => {
    if (writtenKeys(file.document)['timeout'] !== undefined || settings.defaults.timeoutMs !== undefined)
      return [];
    const message = `the plan has no 'timeout'; a run may then take ${defaults.timeout}`;
    return [{ message, hint: 'say how long a run may take, for example timeout: 2h', path: [], atKey: true }];
  },
};
