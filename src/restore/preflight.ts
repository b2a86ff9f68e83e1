import type { Manifest } from '../artifact/manifest.ts';
import { Failure } from '../base/failure.ts';
import type { DumpListing } from '../postgres/dump-listing.ts';
import type { RestoreTarget } from '../postgres/restore-target.ts';
import { renderBytes } from '../base/quantity/size.ts';

/** What the operator allows. */
export interface RestorePermissions {
  /** Restore into a database that holds tables: what the dump creates is dropped first. */
  readonly replace: boolean;
  /** Restore into the server that the dump came from. */
  readonly sameServer: boolean;
  readonly allowCreateInDump: boolean;
}

export interface PreflightQuestion {
  readonly target: RestoreTarget;
  /** Absent for a file of another tool. */
  readonly manifest: Pick<Manifest, 'server' | 'partial' | 'dump'> | undefined;
  /** Of the dump, for messages. */
  readonly name: string;
  readonly permissions: RestorePermissions;
  /** The dump's rows are not wanted. */
  readonly isSchemaOnly: boolean;
  /** The server of the environment that was dumped, where its identity cannot be asked. */
  readonly source: { readonly host: string; readonly port: number } | undefined;
}

/**
 * Refuses, before anything is written, what could not end well or would overwrite something. Gives notes: what could
 * not be known, and estimates.
 * @throws Failure `target-refused`, `postgres-version`, `extension-missing`, `postgres-permission`, `space-missing`
 */
export function checkTarget(question: PreflightQuestion): readonly string[] {
  const { target, manifest } = question;
  checkServer(question);
  checkDatabase(question);
  if (manifest !== undefined) checkMajor(manifest.server.major, target, question.name);
  checkExtensions(manifest?.server.extensions.map(({ name }) => name) ?? [], target);
  return [checkSpace(question)].flat();
}

/** What only the table of contents tells. @throws Failure as `checkTarget` */
export function checkContents(
  listing: DumpListing,
  { target, manifest, name, permissions }: PreflightQuestion,
): void {
  if (listing.creates !== undefined && !permissions.allowCreateInDump) {
    throw new Failure('target-refused', `${name} is refused: its contents say ${listing.creates}`, {
      hint: "It was made with --create and may write into another database than the one you name. Say 'allow-create-in-dump: true' (or ALLOW_CREATE_IN_DUMP=1) if that is meant.",
    });
  }
  if (manifest === undefined) {
    if (listing.serverMajor !== undefined) checkMajor(listing.serverMajor, target, name);
    checkExtensions(listing.extensions, target);
  }
}

/** Whether the target is the very server that was dumped: by its identity, otherwise by its address. */
export function isSourceServer({
  target,
  manifest,
  source,
}: Pick<PreflightQuestion, 'target' | 'manifest' | 'source'>): boolean {
  const dumped = manifest?.server.systemIdentifier ?? null;
  const { host, port } = target.endpoint;
  return dumped === null || target.systemIdentifier === null
    ? source?.host === host && source.port === port
    : dumped === target.systemIdentifier;
}

function checkServer(question: PreflightQuestion): void {
  if (question.permissions.sameServer || !isSourceServer(question)) return;
  const { host, port } = question.target.endpoint;
  throw new Failure('target-refused', `${host}:${port} is the server that ${question.name} was dumped from`, {
    hint: "A drill on the source's own server proves little and can harm it. Restore elsewhere, or say 'same-server: true' if that is meant.",
  });
}

function checkDatabase({ target, permissions }: PreflightQuestion): void {
  const { endpoint, existing, mayCreateDatabases } = target;
  if (existing === undefined && !mayCreateDatabases) {
    throw new Failure(
      'postgres-permission',
      `${endpoint.user} may not create the database ${endpoint.database}`,
      {
        hint: `Let it: alter role ${endpoint.user} createdb. Or create the empty database for it.`,
      },
    );
  }
  if (existing === undefined || existing.tables.length === 0 || permissions.replace) return;
  const shown = existing.tables.slice(0, 3).join(', ');
  const more = existing.tables.length > 3 ? ' and more' : '';
  throw new Failure('target-refused', `the database ${endpoint.database} holds tables (${shown}${more})`, {
    hint: "Restore into a new database, or say 'replace: true' to drop and replace what the dump holds.",
  });
}

function checkMajor(dumped: number, target: RestoreTarget, name: string): void {
  if (target.major >= dumped) return;
  throw new Failure(
    'postgres-version',
    `${name} was dumped from PostgreSQL ${dumped} and the target is the older ${target.major}`,
    { hint: `Restore into a server of PostgreSQL ${dumped} or later.` },
  );
}

function checkExtensions(wanted: readonly string[], target: RestoreTarget): void {
  const missing = wanted.filter((name) => name !== 'plpgsql' && !target.availableExtensions.has(name));
  if (missing.length === 0) return;
  throw new Failure(
    'extension-missing',
    `the target server lacks the extension${missing.length === 1 ? '' : 's'} ${missing.join(', ')}`,
    { hint: `Install them on ${target.endpoint.host} for PostgreSQL ${target.major}; nothing was restored.` },
  );
}

/** Rows and indexes while they are built: sorting an index takes room beside it. */
const roomFactor = 1.1;

/** Of a part of a database only its dump tells: rows, and about as much again for indexes. */
function sizeOf({ server, partial, dump }: NonNullable<PreflightQuestion['manifest']>): number {
  if (partial === undefined) return server.databaseBytes;
  return Math.min(server.databaseBytes, (dump.rawBytes ?? dump.storedBytes) * 2);
}

function checkSpace({ target, manifest, isSchemaOnly, permissions }: PreflightQuestion): readonly string[] {
  if (isSchemaOnly || manifest === undefined) return [];
  const { freeBytes, isLocal } = target.resources;
  const freed = permissions.replace ? (target.existing?.bytes ?? 0) : 0;
  const needed = Math.max(0, Math.ceil(sizeOf(manifest) * roomFactor) - freed);
  if (freeBytes === undefined) {
    const where = isLocal ? 'this host' : target.endpoint.host;
    return [
      `the restored database needs about ${renderBytes(needed)} on ${where} (an estimate, from the size of the source); its free space cannot be asked by SQL`,
    ];
  }
  if (freeBytes >= needed) return [];
  throw new Failure(
    'space-missing',
    `the target has ${renderBytes(freeBytes)} free where its data lies, and the restored database needs about ${renderBytes(needed)} with its indexes`,
    { hint: 'Free some space, or restore into a server with more of it.' },
  );
}
