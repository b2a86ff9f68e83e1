import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** What takes minutes because it lives through a year. */
const longest = '/test/e2e/twelve-months.test.ts';

/** The usual order, but the longest file begins its project: begun last, it runs while the other worker has nothing left. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const rank = ({ project, moduleId }: TestSpecification): number =>
      project.config.sequence.groupOrder * 2 + (moduleId.endsWith(longest) ? 0 : 1);
    return sorted.sort((a, b) => rank(a) - rank(b));
  }
}
