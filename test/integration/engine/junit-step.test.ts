import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemClock } from '../../../src/base/clock.ts';
import { runPipeline, type RunResult } from '../../../src/run/run-pipeline.ts';
import type { TestReport } from '../../../src/check/junit/test-report.ts';
import { fakeHost, fakePipeline, scriptStep, type FakeHost } from '../../fixtures/fake-run.ts';

const pytestReport = fileURLToPath(new URL('../../fixtures/pytest-report.xml', import.meta.url));
const write = (xml: string): string => `echo '<testsuite>${xml}</testsuite>' > report.xml`;
let folder: string;
let host: FakeHost;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'run-plan-tests-'));
  host = fakeHost(systemClock);
});

afterEach(() => {
  host.remove();
  rmSync(folder, { recursive: true });
});

/** One step whose command is to write report.xml in its folder. */
function run(script: string): Promise<RunResult> {
  const work = { kind: 'run', script, cwd: folder, junit: 'report.xml' } as const;
  return runPipeline(fakePipeline([scriptStep('tests', script, { work })]), host);
}

function testsOf({ record }: RunResult): TestReport | undefined {
  return record?.steps[0]?.facts?.['tests'] as TestReport | undefined;
}

test('a command that fails leaves the counts of its report', async () => {
  const result = await run(`cp '${pytestReport}' report.xml; exit 1`);
  expect(result).toMatchObject({
    outcome: 'failed',
    exitCode: 20,
    record: { error: { code: 'command-failed' } },
  });
  expect(testsOf(result)).toMatchObject({ tests: 9, failures: 2, errors: 3, skipped: 2 });
  expect(testsOf(result)?.failed[0]?.name).toBe('test_bookings.TestInvoice.test_total[2]');
});

test('a command that ends well leaves them, too', async () => {
  const result = await run(write('<testcase name="a"/><testcase name="b"><skipped/></testcase>'));
  expect(result.exitCode).toBe(0);
  expect(testsOf(result)).toMatchObject({ tests: 2, failures: 0, skipped: 1 });
});

test.each([
  ['its report is red', write('<testcase name="a"><failure message="odd"/></testcase>'), 'has a failed test'],
  ['its report is empty', write(''), 'has no test'],
  ['all tests were skipped', write('<testcase name="a"><skipped/></testcase>'), 'skipped its one test'],
  ['it wrote none', 'true', 'there is no test report'],
  ['its report was cut off', "echo '<testsuite>' > report.xml", 'no XML'],
])('a command that ends well is not believed when %s', async (_, script, message) => {
  const result = await run(script);
  expect(result).toMatchObject({
    outcome: 'failed',
    exitCode: 21,
    record: { error: { code: 'check-failed' } },
  });
  expect(result.record?.error?.message).toContain(message);
});

test('a command that fails without a report says its own error', async () => {
  const result = await run('echo broken >&2; exit 3');
  expect(result.record?.error?.code).toBe('command-failed');
  expect(testsOf(result)).toBeUndefined();
});

test('the report of an attempt before is not that of this one', async () => {
  await run(write('<testcase name="a"/>'));
  expect((await run('true')).record?.error?.message).toContain('older than this run of the command');
});

test('secrets in names and messages are masked', async () => {
  const result = await run(`${write('<testcase name="a"><failure message="sesame"/></testcase>')}; exit 1`);
  expect(testsOf(result)?.failed).toEqual([{ name: 'a', message: '***' }]);
});
