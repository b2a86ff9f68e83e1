import type { Reporter, TestModule, Vitest } from 'vitest/node';

/**
 * Lists every skipped and todo test by name with its reason at the end of a run: a test that did not run proves
 * nothing, and a count alone is easily overlooked.
 */
export class SkippedReporter implements Reporter {
  #filtered = false;

  onInit(vitest: Vitest): void {
    // `-t name` skips everything else on purpose.
    this.#filtered = vitest.config.testNamePattern !== undefined;
  }

  onTestRunEnd(testModules: readonly TestModule[]): void {
    if (this.#filtered) return;
    const lines = testModules.flatMap((testModule) => [...skippedTests(testModule)]);
    if (lines.length === 0) return;
    process.stdout.write(`\n SKIPPED ${lines.length}: these tests proved nothing\n${lines.join('\n')}\n`);
  }
}

function* skippedTests(testModule: TestModule): Generator<string> {
  for (const test of testModule.children.allTests('skipped')) {
    const result = test.result();
    const note = result.state === 'skipped' ? result.note : undefined;
    const reason = note === undefined ? '' : ` (${note})`;
    yield `   ${testModule.relativeModuleId} > ${test.fullName}${reason}`;
  }
}
