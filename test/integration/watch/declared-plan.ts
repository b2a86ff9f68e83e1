import type { Plan } from '../../../src/language/plan/plan.ts';
import type { DeclaredPlan } from '../../../src/task/declared.ts';

/** A declared plan of which a test says what matters to it. */
export function declaredPlan(
  name: string,
  { dumps = [], isDrill = false, keptBy = 'prod', ...plan }: Partial<DeclaredPlan & Omit<Plan, 'name'>> = {},
): DeclaredPlan {
  return {
    dumps,
    isDrill,
    keptBy,
    plan: {
      name,
      file: `plans/${name}.yaml`,
      hash: '0'.repeat(64),
      environment: 'prod',
      timeZone: 'UTC',
      schedule: [],
      objectives: {},
      timeoutMs: 86_400_000,
      parameters: [],
      steps: [],
      ...plan,
    },
  };
}
