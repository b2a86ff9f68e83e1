import type { Problem } from '../problem.ts';

/** Problems by file, then place; what two checks say of one place by one rule is said once. */
export function sortProblems(problems: readonly Problem[]): readonly Problem[] {
  const once = new Map(
    problems.map((problem) => [
      [
        problem.file,
        problem.line,
        problem.column,
        problem.rule,
        problem.rule === 'secret-in-clear' ? '' : problem.message,
      ].join('\0'),
      problem,
    ]),
  );
  return [...once.values()].sort(
    (a, b) =>
      compare(a.file, b.file) ||
      a.line - b.line ||
      a.column - b.column ||
      compare(a.rule, b.rule) ||
      compare(a.message, b.message),
  );
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
