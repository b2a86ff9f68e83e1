import { Failure } from '../../base/failure.ts';

/** The failure for a folder of units that cannot be read or written. */
export function unitFolderFailure(path: string, cause: unknown): Failure {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
  return new Failure('unit-folder', `${path} among the units cannot be used: ${code}`, {
    hint: "the system's units are root's: use sudo, or --user for your own",
    cause,
  });
}
