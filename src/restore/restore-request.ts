import { defaults } from '../language/generated/postgres-restore.defaults.ts';
import { Failure } from '../base/failure.ts';
import type { OwnerMap } from '../postgres/give-privileges.ts';
import type { RestoreSelection } from '../postgres/restore-command.ts';
import type { RestoreTarget } from '../postgres/restore-target.ts';
import type { PostgresRestoreParameters } from '../language/generated/postgres-restore.types.ts';
import type { RestorePermissions } from './preflight.ts';

/** The parameters of a restore with every default in place. */
export interface RestoreRequest {
  /** What the operator calls the artifact; a path when it holds a slash. */
  readonly artifact: string;
  readonly jobs: number | 'auto';
  readonly permissions: RestorePermissions;
  readonly selection: RestoreSelection;
  /** Why the restored rows are not those of the whole artifact, in words. */
  readonly partial: string | undefined;
  readonly singleTransaction: boolean;
  readonly roles: boolean;
  readonly resume: boolean;
  /** Objects without which the restore is good: `schema.name`, `schema.*`. */
  readonly accept: readonly string[];
  /** What becomes of the source's owners and privileges. */
  readonly privileges: 'restore' | 'none' | 'report';
  readonly ownerMap: OwnerMap;
}

/** @throws Failure `plan-invalid` for parameters that contradict each other */
export function requestOf(
  parameters: PostgresRestoreParameters,
  variables: Readonly<Record<string, string | undefined>>,
): RestoreRequest {
  const contents = contentsOf(parameters);
  const singleTransaction = parameters['single-transaction'] ?? defaults['single-transaction'];
  if (singleTransaction && typeof parameters.jobs === 'number' && parameters.jobs > 1) {
    throw contradiction("'single-transaction' is done by one process", "Remove 'jobs'.");
  }
  const { schemas = [], tables = [] } = parameters.only ?? {};
  const words = [
    ...(schemas.length === 0 ? [] : [`schemas ${schemas.join(', ')}`]),
    ...(tables.length === 0 ? [] : [`tables ${tables.join(', ')}`]),
    ...(contents === 'all' ? [] : [contents]),
  ];
  return {
    artifact: parameters.artifact ?? defaults.artifact,
    jobs: singleTransaction ? 1 : (parameters.jobs ?? defaults.jobs),
    permissions: {
      // Rows alone are put into tables that exist.
      replace: parameters.replace ?? contents === 'data-only',
      sameServer: parameters['same-server'] ?? defaults['same-server'],
      allowCreateInDump: parameters['allow-create-in-dump'] ?? variables['ALLOW_CREATE_IN_DUMP'] === '1',
    },
    selection: { schemas, tables, contents },
    partial: words.length === 0 ? undefined : words.join('; '),
    singleTransaction,
    roles: parameters.roles ?? defaults.roles,
    resume: parameters.resume ?? defaults.resume,
    accept: parameters.accept ?? [],
    ...privilegesOf(parameters, contents),
  };
}

/**
 * A whole dump is to stand in place of what is there. In one transaction nothing may be dropped before its end.
 * @param isPartial there may be less in the dump than in a database
 */
export function isWholeReplaced(
  { permissions, selection, singleTransaction }: RestoreRequest,
  isPartial: boolean,
): boolean {
  const isChosen = selection.schemas.length + selection.tables.length > 0;
  return (
    permissions.replace && !singleTransaction && selection.contents !== 'data-only' && !isChosen && !isPartial
  );
}

/**
 * Whether the database is dropped and made anew, so that nothing of its former contents stays: pg_restore would drop
 * only what the dump knows of. Pure.
 */
export function replacesWhole(
  request: RestoreRequest,
  isPartial: boolean,
  { existing }: Pick<RestoreTarget, 'existing'>,
): boolean {
  return existing?.mayBeMadeAnew === true && isWholeReplaced(request, isPartial);
}

/** Whether an operator's words are a path on this host. */
export function isPath(artifact: string): boolean {
  return artifact.includes('/');
}

function contentsOf(parameters: PostgresRestoreParameters): RestoreSelection['contents'] {
  const schemaOnly = parameters['schema-only'] ?? defaults['schema-only'];
  const dataOnly = parameters['data-only'] ?? defaults['data-only'];
  if (schemaOnly && dataOnly) {
    throw contradiction("'schema-only' and 'data-only' exclude each other", 'Remove one of them, or both.');
  }
  if (dataOnly && parameters.replace === true) {
    throw contradiction("'data-only' replaces no definitions", "Remove 'replace'.");
  }
  if (schemaOnly) return 'schema-only';
  return dataOnly ? 'data-only' : 'all';
}

function privilegesOf(
  parameters: PostgresRestoreParameters,
  contents: RestoreSelection['contents'],
): Pick<RestoreRequest, 'privileges' | 'ownerMap'> {
  const privileges = parameters.privileges ?? defaults.privileges;
  const ownerMap = new Map(
    Object.entries(parameters['owner-map'] ?? {}).flatMap(([from, to]) =>
      to === undefined ? [] : [[from, to] as const],
    ),
  );
  if (privileges !== 'none' && contents === 'data-only')
    throw contradiction("'data-only' brings no objects that could have owners", "Remove 'privileges'.");
  if (privileges === 'none' && ownerMap.size > 0)
    throw contradiction(
      "'owner-map' is of no use where owners are not restored",
      "Say 'privileges: restore'.",
    );
  return { privileges, ownerMap };
}

function contradiction(message: string, hint: string): Failure {
  return new Failure('plan-invalid', message, { hint });
}
