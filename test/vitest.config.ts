import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { LongestFirst } from './services/longest-first.ts';
import { SkippedReporter } from './services/skipped-reporter.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const globalSetup = [fileURLToPath(new URL('services/global-setup.ts', import.meta.url))];

/**
 * Three projects: `unit` is pure and starts nothing; `integration` and `e2e` share real services. They run one after
 * the other (`groupOrder`), because the later ones measure time limits and want the processors for themselves.
 */
export default defineConfig({
  root,
  test: {
    reporters: ['default', new SkippedReporter()],
    sequence: { sequencer: LongestFirst },
    // A failed start of the services takes as long to undo as to do.
    teardownTimeout: 30_000,
    projects: [
      {
        root,
        test: {
          name: 'unit',
          include: ['test/unit/**/*.test.ts'],
          testTimeout: 5_000,
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      {
        root,
        test: {
          name: 'integration',
          include: ['test/integration/**/*.test.ts'],
          globalSetup,
          testTimeout: 60_000,
          hookTimeout: 60_000,
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
      {
        root,
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          globalSetup,
          testTimeout: 300_000,
          hookTimeout: 120_000,
          maxWorkers: 2,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
