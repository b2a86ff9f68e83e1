import { Failure } from '../../base/failure.ts';
import { parseUnfinished } from '../../restore/unfinished-restore.ts';
import { checkTarget, isSourceServer, type PreflightQuestion } from '../../restore/preflight.ts';
import type { RestoreRequest } from '../../restore/restore-request.ts';
import { inFlags, type RestoreFlags } from './flags.ts';
import type { Settled } from './settle.ts';

/** What the preflight tells before anything is written. */
export interface LookAhead {
  readonly isSourceServer: boolean;
  readonly notes: readonly string[];
  /** Why it may not be done. */
  readonly refusal: Failure | undefined;
}

/** Whether a restore goes into the server that its artifact was dumped from. Unknown of a file and a throw-away cluster. */
export function goesToSourceServer({ source, target }: Settled): boolean {
  if (target === undefined || source.kind === 'file') return false;
  return isSourceServer({ target, manifest: source.facts, source: source.from.postgres });
}

/** Asks the preflight of postgres-restore, in the words of the command line. */
export function lookAhead(settled: Settled, request: RestoreRequest, flags: RestoreFlags): LookAhead {
  const { source, target } = settled;
  const isSource = goesToSourceServer(settled);
  if (target === undefined) return { isSourceServer: isSource, notes: [], refusal: undefined };
  const question: PreflightQuestion = {
    target,
    manifest: source.kind === 'artifact' ? source.facts : undefined,
    name: source.name,
    permissions: request.resume ? { ...request.permissions, replace: true } : request.permissions,
    isSchemaOnly: request.selection.contents === 'schema-only',
    source: source.kind === 'artifact' ? source.from.postgres : undefined,
  };
  try {
    return { isSourceServer: isSource, notes: checkTarget(question), refusal: undefined };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return { isSourceServer: isSource, notes: [], refusal: refusalOf(error, settled, flags) };
  }
}

function refusalOf(failure: Failure, { target, to }: Settled, flags: RestoreFlags): Failure {
  const unfinished = parseUnfinished(target?.existing?.comment ?? null);
  if (failure.code !== 'target-refused' || unfinished === undefined || flags.resume === true)
    return inFlags(failure);
  return new Failure(failure.code, `${failure.message}: an unfinished restore of ${unfinished.artifact}`, {
    hint: `go on with it: --to ${to.name} --database ${target?.endpoint.database ?? ''} --resume; or restore into a new database`,
  });
}
