import { writtenKeys } from '../plan-file.ts';
import type { Rule, RuleContext } from './rule.ts';

export const retentionKeepsNothing: Rule = {
  name: 'retention-keeps-nothing',
  severity: 'error',
  reason: 'A retention of zeros removes every artifact but the last one, on the first night.',
  speaksOfAbsence: true,
  check: (context) => {
    const { retention } = context.plan;
    if (retention === undefined || hasOpenRetention(context)) return [];
    const written = Object.entries(writtenKeys(context.file.document)['retention'] ?? {});
    const keeps = Object.entries(retention).filter(([key, value]) => key !== 'keepAtLeast' && value !== 0);
    if (written.some(([key, value]) => key === 'keep-at-least' && value === 0)) {
      const message = "'keep-at-least: 0' would let retention keep nothing";
      return [
        {
          message,
          hint: 'one intact artifact is always kept; say at least 1',
          path: ['retention', 'keep-at-least'],
        },
      ];
    }
    if (keeps.length > 0 || retention.keepAtLeast > 1) return [];
    const hint = 'give keep-within, keep-last or another rule a value above zero';
    return [
      {
        message: 'the retention keeps nothing but the newest artifact',
        hint,
        path: ['retention'],
        atKey: true,
      },
    ];
  },
};

/** A variable that is not set here: nobody knows yet what is kept. */
function hasOpenRetention({ file }: RuleContext): boolean {
  return file.missing.some(({ path }) => path[0] === 'retention');
}
