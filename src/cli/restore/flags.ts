import { defined } from '../../base/defined.ts';
import type { PostgresRestoreParameters } from '../../language/generated/postgres-restore.types.ts';
import { Failure } from '../../base/failure.ts';
import { requestOf, type RestoreRequest } from '../../restore/restore-request.ts';
import type { LogFormat } from '../../language/settings/settings.ts';

/** What an operator says on the command line of `run-plan restore`. */
export interface RestoreFlags {
  readonly from?: string | undefined;
  readonly artifact?: string | undefined;
  readonly to?: string | undefined;
  readonly database?: string | undefined;
  readonly jobs?: number | 'auto' | undefined;
  readonly onlySchema?: readonly string[] | undefined;
  readonly onlyTable?: readonly string[] | undefined;
  readonly schemaOnly?: true | undefined;
  readonly dataOnly?: true | undefined;
  readonly roles?: true | undefined;
  readonly singleTransaction?: true | undefined;
  readonly replace?: true | undefined;
  readonly sameServer?: true | undefined;
  readonly allowCreateInDump?: true | undefined;
  readonly resume?: true | undefined;
  /** False for `--no-compare`. */
  readonly compare: boolean;
  readonly list?: true | undefined;
  readonly dryRun?: true | undefined;
  readonly yes?: string | true | undefined;
  readonly logFormat?: LogFormat | undefined;
  readonly json?: true | undefined;
  readonly config?: string | undefined;
}

/** Which of two sources, places and permissions: what is settled before the restore is described to postgres-restore. */
export interface SettledNames {
  /** Absent for a dump on this host. */
  readonly from: string | undefined;
  /** An artifact's name, or a path. */
  readonly artifact: string;
  /** Absent: a throw-away cluster gives it the name that it had. */
  readonly database: string | undefined;
  readonly sameServer: boolean;
}

/** The parameters of `postgres-restore`; what was not said is left to its defaults. */
export function restoreParameters(flags: RestoreFlags, settled: SettledNames): PostgresRestoreParameters {
  const schemas = [...(flags.onlySchema ?? [])];
  const tables = [...(flags.onlyTable ?? [])];
  const only = {
    ...(schemas.length > 0 && { schemas }),
    ...(tables.length > 0 && { tables }),
  };
  return {
    ...defined({ from: settled.from }),
    artifact: settled.artifact,
    ...defined({ database: settled.database, jobs: flags.jobs }),
    ...(Object.keys(only).length > 0 && { only }),
    ...(flags.replace === true && { replace: true }),
    ...(settled.sameServer && { 'same-server': true }),
    ...(flags.allowCreateInDump === true && { 'allow-create-in-dump': true }),
    ...(flags.singleTransaction === true && { 'single-transaction': true }),
    ...(flags.schemaOnly === true && { 'schema-only': true }),
    ...(flags.dataOnly === true && { 'data-only': true }),
    ...(flags.roles === true && { roles: true }),
    ...(flags.resume === true && { resume: true }),
  };
}

/**
 * The request as postgres-restore will read it.
 * @throws Failure `usage` for flags that contradict each other
 */
export function requestOfFlags(
  parameters: PostgresRestoreParameters,
  variables: Readonly<Record<string, string | undefined>>,
): RestoreRequest {
  try {
    return requestOf(parameters, variables);
  } catch (error) {
    if (!(error instanceof Failure) || error.code !== 'plan-invalid') throw error;
    const { message, hint } = inFlags(error);
    throw new Failure('usage', message, hint === undefined ? {} : { hint });
  }
}

/** A failure whose words are of a plan's YAML, in the words of the command line: `'replace: true'` is `--replace`. */
export function inFlags(failure: Failure): Failure {
  const { code, hint, where, facts, cause } = failure;
  return new Failure(code, flagWords(failure.message), {
    ...(hint !== undefined && { hint: flagWords(hint) }),
    ...defined({ where, facts, cause }),
  });
}

const switches =
  /'(replace|same-server|allow-create-in-dump|single-transaction|schema-only|data-only|jobs)(?:: true)?'/g;

function flagWords(text: string): string {
  return text.replaceAll(switches, '--$1');
}
