import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config';
import { LongestFirst } from './services/longest-first.ts';
import { SkippedReporter } from './services/skipped-reporter.ts';
import { useMemoryForTemporaryFiles } from './services/temporary-folder.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const globalSetup = [fileURLToPath(new URL('services/global-setup.ts', import.meta.url))];
const minute = 60_000;

useMemoryForTemporaryFiles();

/** Files of a folder, those that ask for the services and those that do not. */
function filesOf(folder: string, asksForServices: boolean): string[] {
  return globSync(`test/${folder}/**/*.test.ts`, { cwd: root }).filter(
    (file) => readFileSync(`${root}/${file}`, 'utf8').includes("inject('services')") === asksForServices,
  );
}

/**
 * All projects run at the same time, because most tests wait most of their time, in processes that are used for one file
 * after the other: no file leaves anything behind. Limits are for what hangs, not for what is slow.
 */
function project(name: string, include: string[], more: object = {}): TestProjectInlineConfiguration {
  return {
    root,
    test: {
      name,
      include,
      isolate: false,
      maxWorkers: Number(process.env['TEST_WORKERS'] ?? 4),
      testTimeout: 5 * minute,
      hookTimeout: 5 * minute,
      expect: { poll: { timeout: 2 * minute } },
      ...more,
    },
  };
}

/**
 * `unit` is pure and starts nothing; `local` has this host's programs; `integration` and `e2e` share real services, and
 * `e2e` runs the command line that was built.
 */
export default defineConfig({
  root,
  test: {
    reporters: ['default', new SkippedReporter()],
    sequence: { sequencer: LongestFirst },
    // A failed start of the services takes as long to undo as to do.
    teardownTimeout: minute,
    projects: [
      project('unit', ['test/unit/**/*.test.ts'], { testTimeout: 2 * minute }),
      project('local', filesOf('integration', false)),
      project('integration', filesOf('integration', true), { globalSetup }),
      project('e2e', ['test/e2e/**/*.test.ts'], { globalSetup }),
    ],
  },
});
