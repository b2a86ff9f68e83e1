import { appendFile, mkdir, mkdtemp, open, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  markReport,
  parseTestReport,
  readTestReport,
  type TestReport,
} from '../../../../src/check/junit/test-report.ts';

function parse(text: string): Promise<TestReport> {
  return parseTestReport([text], 'report.xml');
}

const red = (message: string) => ({ code: 'check-failed', message: expect.stringContaining(message) });

describe('the counts', () => {
  test('of pytest, with errors in setup and teardown', async () => {
    const text = await readFile(new URL('../../../fixtures/pytest-report.xml', import.meta.url), 'utf8');
    const report = await parse(text);
    expect(report).toMatchObject({ tests: 9, failures: 2, errors: 3, skipped: 2, durationMs: 18 });
    expect(report.failed).toEqual([
      {
        name: 'test_bookings.TestInvoice.test_total[2]',
        message: 'AssertionError: total < 1 & "odd"\nassert 2 == 1',
      },
      { name: 'test_bookings.test_setup', message: 'failed on setup with "RuntimeError: no customer 42"' },
      {
        name: 'test_bookings.test_teardown',
        message: 'failed on teardown with "RuntimeError: cannot clean up"',
      },
      { name: 'test_bookings.test_both', message: 'assert False' },
      {
        name: 'test_bookings.test_both',
        message: 'failed on teardown with "RuntimeError: cannot clean up"',
      },
    ]);
  });

  test('of nested suites, each test once', async () => {
    const inner = `<testsuite name="inner" tests="2" failures="1"><testcase name="a"/><testcase name="b"><failure/></testcase></testsuite>`;
    const report = await parse(
      `<testsuites tests="3" failures="1"><testsuite name="outer" tests="3" failures="1">${inner}<testcase name="c"/></testsuite></testsuites>`,
    );
    expect(report).toMatchObject({ tests: 3, failures: 1, errors: 0, failed: [{ name: 'b', message: '' }] });
  });

  test('of one suite as the root', async () => {
    expect(await parse('<testsuite><testcase classname="A" name="b" time="1,000.5"/></testsuite>')).toEqual({
      tests: 1,
      failures: 0,
      errors: 0,
      skipped: 0,
      durationMs: 1_000_500,
      failed: [],
    });
  });

  test('of a test with several failures is one failure', async () => {
    const report = await parse(
      '<testsuite><testcase name="a"><failure message="first"/><failure message="second"/><error message="third"/></testcase></testsuite>',
    );
    expect(report).toMatchObject({ failures: 1, errors: 0, failed: [{ name: 'a', message: 'first' }] });
    expect(report.failed).toHaveLength(1);
  });

  test('of a test that was skipped and failed all the same is a failure', async () => {
    const report = await parse(
      '<testsuite><testcase name="a"><skipped/><error message="late"/></testcase></testsuite>',
    );
    expect(report).toMatchObject({ tests: 1, errors: 1, skipped: 0, failed: [{ message: 'late' }] });
  });

  test('of a suite that broke before its first test are red', async () => {
    const told = await parse('<testsuite name="s"><error message="no database"/></testsuite>');
    expect(told).toMatchObject({ tests: 0, errors: 1, failed: [{ name: 's', message: 'no database' }] });
    const counted = await parse(
      '<testsuites><testsuite tests="1" errors="1" failures="2"><testcase name="a"/></testsuite></testsuites>',
    );
    expect(counted).toMatchObject({ tests: 1, errors: 1, failures: 2 });
  });

  test('of a failure without a message take its text, and that is cut', async () => {
    const report = await parse(
      `<testsuite><testcase name="a"><failure>\n  <![CDATA[expected <1> ${'x'.repeat(5000)}]]></failure></testcase></testsuite>`,
    );
    expect(report.failed[0]?.message).toMatch(/^expected <1> x+$/);
    expect(report.failed[0]?.message).toHaveLength(500);
  });

  test('of very many failures name the first fifty', async () => {
    const cases = '<testcase name="a"><failure message="m"/></testcase>'.repeat(1000);
    const report = await parse(`<testsuite>${cases}</testsuite>`);
    expect(report.failures).toBe(1000);
    expect(report.failed).toHaveLength(50);
  });

  test('are the same however the bytes come', async () => {
    const bytes = Buffer.from(
      '<testsuite><testcase name="Büro 漢"><failure message="ü"/></testcase></testsuite>',
    );
    const report = await parseTestReport(
      Array.from(bytes, (byte) => Buffer.of(byte)),
      'report.xml',
    );
    expect(report.failed).toEqual([{ name: 'Büro 漢', message: 'ü' }]);
  });
});

describe('what is no report', () => {
  const bomb = `<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY lol "lol">${Array.from(
    { length: 9 },
    (_, index) => `<!ENTITY lol${index + 1} "${`&lol${index === 0 ? '' : index};`.repeat(10)}">`,
  ).join('')}]><testsuite><testcase name="a"><failure>&lol9;</failure></testcase></testsuite>`;

  test.each([
    ['an empty file', '', 'no XML'],
    ['a file that was cut off', '<testsuite><testcase name="a"/>', 'no XML'],
    ['text', '3 passed in 0.1s', 'no XML'],
    ['JSON', '{"tests": 3}', 'no XML'],
    ['a page', '<html><body/></html>', 'no JUnit XML (it begins with <html>)'],
    ['a bomb of entities', bomb, 'no XML (1:'],
    [
      'a file of the host, by an entity',
      '<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/hostname">]><testsuite><testcase name="&e;"/></testsuite>',
      'no XML',
    ],
  ])('%s', async (_, text, message) => {
    await expect(parse(text)).rejects.toMatchObject(red(message));
  });
});

describe('the file', () => {
  const text = '<testsuite><testcase name="a"/></testsuite>';
  let folder: string;
  let path: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'run-plan-junit-'));
    path = join(folder, 'report.xml');
  });

  afterEach(async () => {
    await rm(folder, { recursive: true });
  });

  test('that was written since is read', async () => {
    const mark = await markReport(path);
    await writeFile(path, text);
    expect(await readTestReport(mark)).toMatchObject({ tests: 1 });
  });

  test('that was written anew is read, also at once', async () => {
    await writeFile(path, text);
    const mark = await markReport(path);
    await rm(path);
    await writeFile(path, text);
    expect(await readTestReport(mark)).toMatchObject({ tests: 1 });
  });

  test('that is not there is told', async () => {
    await expect(readTestReport(await markReport(path))).rejects.toMatchObject(
      red('there is no test report'),
    );
  });

  test('that was there before, however short a time, counts for nothing', async () => {
    await writeFile(path, text);
    await expect(readTestReport(await markReport(path))).rejects.toMatchObject(red('older than this run'));
  });

  test('that was put there since and is older counts for nothing', async () => {
    const mark = await markReport(path);
    await writeFile(path, text);
    const hourAgo = new Date(Date.now() - 3_600_000);
    await utimes(path, hourAgo, hourAgo);
    await expect(readTestReport(mark)).rejects.toMatchObject(red('older than this run'));
  });

  test('that is a folder is told', async () => {
    const mark = await markReport(path);
    await mkdir(path);
    await expect(readTestReport(mark)).rejects.toMatchObject(red('is no file'));
  });

  test('of 65 MiB is not read', async () => {
    const mark = await markReport(path);
    const file = await open(path, 'w');
    await file.truncate(65 * 1024 * 1024);
    await file.close();
    await expect(readTestReport(mark)).rejects.toMatchObject(red('larger than 64 MiB'));
  });

  test('of many megabytes is read', async () => {
    const mark = await markReport(path);
    await writeFile(path, '<testsuite>');
    await appendFile(
      path,
      '<testcase name="a"><system-out>0123456789</system-out></testcase>\n'.repeat(50_000),
    );
    await appendFile(path, '</testsuite>');
    expect(await readTestReport(mark)).toMatchObject({ tests: 50_000, failures: 0 });
  });
});
