import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, resolve } from 'node:path';
import { Failure } from '../base/failure.ts';
import type { Repository } from '../store/repository.ts';
import { changesFile, journalFile } from './change-journal.ts';
import { fetchReport, findStoredReports } from './stored-report.ts';
import { endUnfinished, readHeader } from './unfinished-changes.ts';

/** A report that is to be undone. */
export interface UndoneReport {
  /** Of a file of this host. */
  readonly path: string;
  /** For people and for an undo that goes on with it: `RUN-ID/STEP`, or its path. */
  readonly name: string;
  readonly uploads: string;
  /** Says that nobody goes on with what it reports. */
  readonly end: () => Promise<void>;
}

export interface ReportPlaces {
  /** Of the step that looks. */
  readonly kept: string;
  readonly workingFolder: string;
  /** Where there is one: asked when this host has no such report. */
  readonly repository: (() => Promise<Repository>) | undefined;
  readonly signal: AbortSignal;
}

/**
 * The report that an operator means: the id of a run, `RUN-ID/STEP-ID` where it has several, or a path. This host's own
 * goes first, then the copy in the repository. A run that was killed has left its journal here, which serves as well.
 * @throws Failure `usage`, `repository-*`
 */
export async function findReport(words: string, places: ReportPlaces): Promise<UndoneReport> {
  const looksLikePath = isAbsolute(words) || words.endsWith('.ndjson') || words.startsWith('.');
  if (looksLikePath) return reportAt(resolve(places.workingFolder, words));
  const [runId = '', wanted] = words.split('/');
  const root = dirname(dirname(places.kept));
  const steps = (await stepsOf(join(root, runId))).filter((step) => wanted === undefined || step === wanted);
  const step = onlyOne(steps, runId);
  if (step !== undefined) {
    const folder = join(root, runId, step);
    const journal = join(folder, journalFile);
    return reportAt((await exists(journal)) ? journal : join(folder, changesFile), `${runId}/${step}`);
  }
  return storedReport(runId, wanted, places);
}

async function reportAt(path: string, name = path): Promise<UndoneReport> {
  if (!(await exists(path))) {
    throw new Failure('usage', `${path} does not exist: there is no report to undo`, {
      hint: 'Say the id of a run (run-plan history), or the path of its changes.ndjson.',
    });
  }
  const folder = dirname(path);
  const { uploads } = await readHeader(folder);
  return { path, name, uploads, end: () => endUnfinished(folder) };
}

async function storedReport(
  runId: string,
  wanted: string | undefined,
  { kept, repository: open, signal }: ReportPlaces,
): Promise<UndoneReport> {
  const repository = await open?.();
  const keys = repository === undefined ? undefined : await findStoredReports(repository, runId, signal);
  const steps = [...(keys?.keys() ?? [])].filter((step) => wanted === undefined || step === wanted);
  const step = onlyOne(steps, runId);
  const key = keys?.get(step ?? '');
  if (repository === undefined || key === undefined || step === undefined) {
    const where = repository === undefined ? 'on this host' : `on this host or in ${repository.location}`;
    throw new Failure('usage', `the run ${runId} has left no report of restored uploads ${where}`, {
      hint: 'Say RUN-ID or RUN-ID/STEP-ID (run-plan history lists runs), or the path of a changes.ndjson.',
    });
  }
  const path = join(kept, 'undone.ndjson');
  const { uploads } = await fetchReport(repository, key, path, signal);
  return { path, name: `${runId}/${step}`, uploads, end: () => Promise.resolve() };
}

async function stepsOf(run: string): Promise<readonly string[]> {
  const steps: string[] = [];
  for (const step of (await readdir(run).catch(() => [])).sort()) {
    const names: readonly string[] = await readdir(join(run, step)).catch(() => []);
    if (names.includes(changesFile) || names.includes(journalFile)) steps.push(step);
  }
  return steps;
}

function onlyOne(steps: readonly string[], runId: string): string | undefined {
  const [first, second] = steps;
  if (second === undefined) return first;
  const names = steps.map((step) => `${runId}/${basename(step)}`).join(', ');
  throw new Failure('usage', `the run ${runId} has left several reports: ${names}`, {
    hint: 'Say which: RUN-ID/STEP-ID, or the path of its changes.ndjson.',
  });
}

function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
