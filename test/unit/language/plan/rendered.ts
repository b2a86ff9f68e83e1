import { plainSurface, render } from '../../../../src/base/terminal/blocks.ts';
import { problemBlocks } from '../../../../src/language/plan/render-problems.ts';
import type { Problem } from '../../../../src/language/problem.ts';

/** Problems as a pipe shows them. */
export function renderProblems(problems: readonly Problem[], sources: ReadonlyMap<string, string>): string {
  return render(problemBlocks(problems, sources), plainSurface);
}
