import { refusal } from '../command-variables.ts';
import type { Finding, PlanFile } from './plan-file.ts';

/** Variables of `env:` that no step may give, and those of steps that start no command. */
export function checkVariables({ steps }: PlanFile): readonly Finding[] {
  return steps.flatMap(({ step, path }): readonly Finding[] => {
    const names = Object.keys(step.variables ?? {});
    const at = (name: string): Pick<Finding, 'rule' | 'path' | 'atKey'> => ({
      rule: 'command-env',
      path: [...path, 'env', name],
      atKey: true,
    });
    if (step.action.kind === 'confirm' && names.length > 0) {
      const message = 'a question to a person starts no command that could use this';
      return [{ rule: 'command-env', path: [...path, 'env'], atKey: true, message, hint: "remove 'env'" }];
    }
    return names.flatMap((name) => {
      const refused = refusal(name);
      return refused === undefined ? [] : [{ ...at(name), ...refused }];
    });
  });
}
