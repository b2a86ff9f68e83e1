import type { ExportedPlan } from './exported-plan.ts';
import { secretsUsed } from './secrets-used.ts';

/** A variable that gives a setting, not a secret. */
export interface VariableUsed {
  readonly name: string;
  /** Without it and without a default the plan does not run. */
  readonly isRequired: boolean;
}

/** The variables that give settings of a plan and its environments (`{ env, default }`), by name; secrets left out. */
export function variablesUsed(exported: ExportedPlan): readonly VariableUsed[] {
  const secrets = new Set(secretsUsed(exported).variables);
  const found = new Map<string, boolean>();
  const look = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    if ('env' in value && typeof value.env === 'string') {
      if (!secrets.has(value.env))
        found.set(value.env, (found.get(value.env) ?? false) || !('default' in value));
    } else Object.values(value).forEach(look);
  };
  exported.written.forEach(look);
  return [...found]
    .map(([name, isRequired]) => ({ name, isRequired }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}
