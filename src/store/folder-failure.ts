import { Failure, type FailureCode } from '../base/failure.ts';

/** What the system's error numbers mean for somebody who keeps backups in a folder. */
const meanings: Readonly<Record<string, { code: FailureCode; what: string; hint: string }>> = {
  ENOSPC: {
    code: 'repository-write',
    what: 'no space is left there',
    hint: 'Make room: prune, or move the folder to a larger file system.',
  },
  EDQUOT: {
    code: 'repository-write',
    what: 'the disk quota is used up',
    hint: 'Make room: prune, or raise the quota of the user that runs run-plan.',
  },
  EFBIG: {
    code: 'repository-write',
    what: 'the file is larger than its file system or limit allows',
    hint: 'Check ulimit -f and the kind of the file system (FAT ends at 4 GiB).',
  },
  EROFS: {
    code: 'repository-write',
    what: 'it is mounted read-only',
    hint: 'A disk that has errors is remounted read-only: look at the kernel log (dmesg).',
  },
  EACCES: {
    code: 'repository-denied',
    what: 'permission denied',
    hint: 'Give the user that runs run-plan the right to read and write the folder.',
  },
  EPERM: {
    code: 'repository-denied',
    what: 'the operation is not permitted',
    hint: 'Look at the owner and the attributes (lsattr) of the folder and the file.',
  },
  ENOENT: {
    code: 'repository-missing',
    what: 'it does not exist',
    hint: 'Check the path, and that its disk is mounted. run-plan makes the folder itself, not the folders above it.',
  },
  ENOTDIR: {
    code: 'repository-missing',
    what: 'it is not a folder',
    hint: 'Check the path: a part of it is a file.',
  },
  ELOOP: {
    code: 'repository-denied',
    what: 'it is a symbolic link',
    hint: 'Keys are never followed out of the repository: put the file itself there.',
  },
};

/** A `Failure` for what a file operation threw; a `Failure` passes through. `action` is `read`, `store`, `remove`, … */
export function folderFailure(error: unknown, action: string, path: string): Failure {
  if (error instanceof Failure) return error;
  const number = error instanceof Error && 'code' in error ? String(error.code) : '';
  const meaning = meanings[number];
  const code =
    meaning?.code ?? (action === 'read' || action === 'list' ? 'repository-read' : 'repository-write');
  const what = meaning?.what ?? (error instanceof Error ? error.message : String(error));
  return new Failure(code, `Cannot ${action} ${path}: ${what}`, {
    where: path,
    cause: error,
    ...(meaning !== undefined && { hint: meaning.hint }),
  });
}
