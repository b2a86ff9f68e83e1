import type { Block } from '../../base/terminal/blocks.ts';
import { status } from '../../base/terminal/status.ts';
import { exitCode, type ExitCode } from '../../base/exit-code.ts';
import type { Problem } from '../../language/problem.ts';
import { problemBlocks, problemsAsAnnotations, problemsAsData } from '../../language/plan/render-problems.ts';
import { problemsOf, resolvePlan } from '../../language/plan/workspace.ts';
import { print, printJson, type CommandHost } from '../../task/host.ts';
import { loadPlans, type Plans } from '../../task/plans.ts';

export interface ValidateOptions {
  readonly json?: true | undefined;
  readonly format?: 'text' | 'json' | 'github' | undefined;
  readonly config?: string | undefined;
}

/** Prints every problem of every file, or of the plans that were named; exits 10 when one of them is an error. */
export async function validateCommand(
  host: CommandHost,
  names: readonly string[],
  options: ValidateOptions,
): Promise<ExitCode> {
  const plans = await loadPlans(host, options.config);
  const problems = names.length === 0 ? plans.problems : namedProblems(plans, names);
  const format = options.format ?? (options.json === true ? 'json' : 'text');
  if (format === 'json') printJson(host, problemsAsData(problems));
  else if (format === 'github') host.terminal.document(problemsAsAnnotations(problems));
  else print(host, ...verdictBlocks(plans, problems, names));
  return problems.some(({ severity }) => severity === 'error') ? exitCode.planInvalid : exitCode.done;
}

function namedProblems(plans: Plans, names: readonly string[]): readonly Problem[] {
  const { workspace } = plans;
  const known = new Set(workspace.planFiles.values());
  for (const name of names) if (!known.has(name)) resolvePlan(workspace, name);
  const wanted = new Set(names.flatMap((name) => problemsOf(workspace, name)));
  return plans.problems.filter((problem) => wanted.has(problem) || !workspace.problems.includes(problem));
}

function verdictBlocks(
  plans: Plans,
  problems: readonly Problem[],
  names: readonly string[],
): readonly Block[] {
  const errors = problems.filter(({ severity }) => severity === 'error').length;
  const warnings = problems.length - errors;
  const count = names.length === 0 ? plans.workspace.planFiles.size : names.length;
  const verdict =
    errors > 0
      ? [status('error', plural(errors, 'error')), `, ${plural(warnings, 'warning')}`]
      : [`${plural(count, 'plan')} `, status('success', 'valid')];
  const rest = errors === 0 && warnings > 0 ? `, ${plural(warnings, 'warning')}` : '';
  const told = problemBlocks(problems, plans.sources);
  return [...told, ...(told.length === 0 ? [] : ['']), [...verdict, rest]];
}

function plural(count: number, word: string): string {
  return `${String(count)} ${word}${count === 1 ? '' : 's'}`;
}
