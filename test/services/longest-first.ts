import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** What takes longest, longest first: begun last, one of them would run while the other workers have nothing left. */
const longest = [
  'e2e/systemd',
  'e2e/killed-anywhere',
  'integration/repository/contract',
  'integration/engine/killed-run',
  'integration/repository/s3-faults',
  'integration/restore/formats',
  'integration/restore/files',
  'integration/bucket/together',
  'e2e/drill',
].map((name) => `/test/${name}.test.ts`);

/** Projects one after the other, so that workers are used again, those with long files first. */
const projects = ['e2e', 'integration', 'local', 'unit'];

/** The usual order within projects, but the longest files begin each. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const rank = ({ project, moduleId }: TestSpecification): number => {
      const place = longest.findIndex((name) => moduleId.endsWith(name));
      return projects.indexOf(project.name) * 100 + (place === -1 ? longest.length : place);
    };
    return sorted.sort((a, b) => rank(a) - rank(b));
  }
}
