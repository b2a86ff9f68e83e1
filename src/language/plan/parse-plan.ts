import { validate } from '../generated/plan.validate.ts';
import { checkShape, type EnvironmentVariables } from '../yaml/shape.ts';
import type { MayBeOpen } from '../yaml/open.ts';
import type { Source } from '../yaml/source.ts';
import { readYaml } from '../yaml/yaml-document.ts';
import type { Settings } from '../settings/settings.ts';
import { normalisePlan, type PartialPlan } from './normalise-plan.ts';
import { placeFinding, type PlanFile } from './plan-file.ts';
import type { Problem } from '../problem.ts';

export interface ParsedPlan {
  /** Absent when the text is no YAML. */
  readonly file?: PlanFile;
  readonly problems: readonly Problem[];
}

/** Parses a plan's text: syntax, shape and values; what it names is checked later, when all files are known. Pure. */
export function parsePlan(
  name: string,
  source: Source,
  variables: EnvironmentVariables,
  defaults: Settings['defaults'],
): ParsedPlan {
  const { document, problems } = readYaml(source);
  if (document === undefined) return { problems };
  const shape = checkShape(document, document.value, validate, { variables });
  const { plan, steps, findings } = normalisePlan(
    name,
    shape.value as MayBeOpen<PartialPlan>,
    source,
    document,
    defaults,
  );
  return {
    file: { plan, document, steps, missing: shape.missing },
    problems: [...shape.problems, ...findings.map((finding) => placeFinding(document, finding))],
  };
}
