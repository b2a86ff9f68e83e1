import { defined } from './defined.ts';
import { exitCode, type ExitCode } from './exit-code.ts';

/**
 * Every expected way to fail, and the exit code it leads to. A code is a stable word that records,
 * `--json` and alerts carry; the message says what happened and the hint what to do about it.
 */
const catalogue = {
  usage: exitCode.usage,
  'plan-invalid': exitCode.planInvalid,
  'not-exportable': exitCode.planInvalid,
  'variable-missing': exitCode.notReady,
  'secret-unavailable': exitCode.notReady,
  'tool-missing': exitCode.notReady,
  'environment-incomplete': exitCode.notReady,
  'state-folder': exitCode.notReady,
  'unit-folder': exitCode.notReady,
  'not-trusted': exitCode.notReady,
  locked: exitCode.locked,
  'lock-lost': exitCode.stepFailed,
  'stray-failure': exitCode.stepFailed,
  'not-confirmed': exitCode.usage,
  'command-failed': exitCode.stepFailed,
  'task-failed': exitCode.stepFailed,
  'postgres-unreachable': exitCode.stepFailed,
  'postgres-login': exitCode.stepFailed,
  'postgres-database-missing': exitCode.stepFailed,
  'postgres-query': exitCode.stepFailed,
  'postgres-permission': exitCode.stepFailed,
  'postgres-connection-lost': exitCode.stepFailed,
  'postgres-version': exitCode.stepFailed,
  'cluster-start': exitCode.stepFailed,
  'space-missing': exitCode.stepFailed,
  'repository-unreachable': exitCode.stepFailed,
  'repository-denied': exitCode.stepFailed,
  'repository-missing': exitCode.stepFailed,
  'repository-write': exitCode.stepFailed,
  'repository-read': exitCode.stepFailed,
  'key-exists': exitCode.stepFailed,
  'store-lacks': exitCode.notReady,
  'bucket-weakened': exitCode.usage,
  'bucket-changed': exitCode.stepFailed,
  'bucket-kept-otherwise': exitCode.checkFailed,
  'dump-unusable': exitCode.stepFailed,
  'artifact-missing': exitCode.stepFailed,
  'artifact-damaged': exitCode.checkFailed,
  'target-refused': exitCode.stepFailed,
  'sync-incomplete': exitCode.stepFailed,
  'invalidation-failed': exitCode.stepFailed,
  'extension-missing': exitCode.stepFailed,
  'restore-failed': exitCode.stepFailed,
  'restore-incomplete': exitCode.stepFailed,
  'drill-missing': exitCode.stepFailed,
  'record-not-stored': exitCode.stepFailed,
  'metrics-write': exitCode.stepFailed,
  'step-timeout': exitCode.stepFailed,
  'step-stalled': exitCode.stepFailed,
  'run-timeout': exitCode.stepFailed,
  'check-failed': exitCode.checkFailed,
  'drift-found': exitCode.checkFailed,
  'objective-missed': exitCode.objectiveMissed,
  'alert-undelivered': exitCode.alertFailed,
  'alert-unproven': exitCode.alertFailed,
  interrupted: exitCode.interrupted,
  terminated: exitCode.terminated,
} as const satisfies Record<string, ExitCode>;

export type FailureCode = keyof typeof catalogue;

/** What was found where a boundary was crossed, for whoever decides by it: nobody reads a message for that. */
export interface FailureFields {
  /** Base name of the program that failed. */
  readonly program?: string;
  /** Its exit status, when it ended by itself. */
  readonly exit?: number;
  /** The signal that ended it. */
  readonly signal?: NodeJS.Signals;
  /** Last lines of its standard error, redacted. */
  readonly stderr?: readonly string[];
  /** What it is about: a key, a table, a path. */
  readonly object?: string;
  /** What Postgres says it is: five characters. */
  readonly sqlstate?: string;
  /** Status of an HTTP answer. */
  readonly httpStatus?: number;
  /** The system's, or the store's, name of the error: `ENOSPC`, `SlowDown`. */
  readonly errorName?: string;
}

export interface FailureDetails {
  readonly fields?: FailureFields;
  /** What the reader can do about it, in one sentence. */
  readonly hint?: string;
  /** Where it happened: `file:line:column`, a key, a table. */
  readonly where?: string;
  /** Evidence for the record, as a task's result would carry it: plain JSON, no secrets. */
  readonly facts?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

/**
 * An expected failure: printed as text, never as a stack. Anything else that is thrown is a bug (exit 1). Operators' tasks
 * make some too, and nobody checks their types: a code that is not in the catalogue is `task-failed`, so that no failure is
 * without an exit code, and what is to be text is.
 */
export class Failure extends Error {
  readonly code: FailureCode;
  readonly hint: string | undefined;
  readonly where: string | undefined;
  readonly facts: Readonly<Record<string, unknown>> | undefined;
  readonly fields: FailureFields;

  constructor(code: FailureCode, message: string, details: FailureDetails = {}) {
    super(textOf(message), details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'Failure';
    this.code = Object.hasOwn(catalogue, code) ? code : 'task-failed';
    this.hint = textOf(details.hint);
    this.where = textOf(details.where);
    this.facts = details.facts;
    this.fields = details.fields ?? {};
  }

  get exitCode(): ExitCode {
    return catalogue[this.code];
  }
}

function textOf(said: unknown): string | undefined {
  return said === undefined || typeof said === 'string' ? said : JSON.stringify(said);
}

/** The failure's stable facts as records and `--json` carry them; a bug keeps its message only. */
export function describeFailure(error: unknown): FailureDescription {
  if (error instanceof Failure) {
    return {
      code: error.code,
      message: error.message,
      ...defined({ hint: error.hint, where: error.where }),
    };
  }
  return { code: 'bug', message: error instanceof Error ? error.message : String(error) };
}

export interface FailureDescription {
  readonly code: FailureCode | 'bug';
  readonly message: string;
  readonly hint?: string;
  readonly where?: string;
}

/** The exit code for anything thrown: a `Failure`'s own, otherwise 1. */
export function exitCodeOf(error: unknown): ExitCode {
  return error instanceof Failure ? error.exitCode : exitCode.bug;
}
