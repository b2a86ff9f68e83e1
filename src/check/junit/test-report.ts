import { createReadStream, type BigIntStats } from 'node:fs';
import { stat } from 'node:fs/promises';
import { TextDecoder } from 'node:util';
import { Failure } from '../../base/failure.ts';
import { createTestCount } from './test-count.ts';

/** What a JUnit XML report says of its tests. */
export interface TestReport {
  readonly tests: number;
  readonly failures: number;
  readonly errors: number;
  readonly skipped: number;
  /** Sum of the tests' own times, milliseconds. */
  readonly durationMs: number;
  /** Of the tests that failed, the first so many. */
  readonly failed: readonly { readonly name: string; readonly message: string }[];
}

/** What stood at a report's path before the command that is to write it. */
export interface ReportMark {
  readonly path: string;
  readonly takenAt: Date;
  /** The file's identity, size and times; absent when there was none. */
  readonly file?: string;
}

/** Greatest accepted size of a report, bytes: some 100,000 tests. */
export const reportBytesLimit = 64 * 1024 * 1024;
/** A file system may keep times in whole seconds. */
const timeToleranceMs = 1000;

/** Remembers what stands at a path, so that a report that was there before counts for nothing. Never rejects. */
export async function markReport(path: string): Promise<ReportMark> {
  const takenAt = new Date();
  const found = await stat(path, { bigint: true }).catch(() => undefined);
  return { path, takenAt, ...(found !== undefined && { file: identityOf(found) }) };
}

/**
 * Reads the report that was written since the mark was taken.
 * @throws Failure `check-failed` when there is none, it is older, or it is no JUnit XML
 */
export async function readTestReport(mark: ReportMark): Promise<TestReport> {
  const { path } = mark;
  const found = await stat(path, { bigint: true }).catch(() => undefined);
  if (found === undefined) throw unusable(path, 'there is no test report');
  if (!found.isFile()) throw unusable(path, 'the test report is no file');
  const isOlder = Number(found.mtimeMs) < mark.takenAt.getTime() - timeToleranceMs;
  if (isOlder || identityOf(found) === mark.file)
    throw unusable(path, 'the test report is older than this run of the command');
  if (found.size > reportBytesLimit) throw unusable(path, 'the test report is larger than 64 MiB');
  return parseTestReport(createReadStream(path, { end: reportBytesLimit - 1 }), path);
}

/**
 * The counts of a report's bytes or texts, read as they come; `path` is for messages.
 * @throws Failure `check-failed`
 */
export async function parseTestReport(
  chunks: AsyncIterable<Uint8Array | string> | Iterable<Uint8Array | string>,
  path: string,
): Promise<TestReport> {
  const { SaxesParser } = await import('saxes');
  const count = createTestCount();
  const parser = new SaxesParser();
  const decoder = new TextDecoder();
  let fault: string | undefined;
  parser.on('opentag', ({ name, attributes }) => {
    count.open(name, attributes);
  });
  parser.on('text', count.text);
  parser.on('cdata', count.text);
  parser.on('closetag', ({ name }) => {
    count.close(name);
  });
  parser.on('error', ({ message }) => {
    fault ??= message;
  });
  try {
    for await (const chunk of chunks) {
      parser.write(typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true }));
      // What follows the first fault would be guesses, and of a file of another kind very many.
      if (fault !== undefined) break;
    }
  } catch (error) {
    throw unusable(
      path,
      `the test report cannot be read (${error instanceof Error ? error.message : String(error)})`,
    );
  }
  if (fault === undefined) parser.close();
  if (fault !== undefined) throw unusable(path, `the test report is no XML (${fault})`);
  if (count.root !== 'testsuites' && count.root !== 'testsuite')
    throw unusable(path, `the test report is no JUnit XML (it begins with <${String(count.root)}>)`);
  return count.report();
}

function identityOf({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
  return [dev, ino, size, mtimeNs, ctimeNs].join(' ');
}

function unusable(path: string, what: string): Failure {
  return new Failure('check-failed', `${what}: ${path}`, {
    hint: "the step's 'junit' names the file that its command writes, relative to 'cwd' (pytest: --junitxml=report.xml)",
    where: path,
  });
}
