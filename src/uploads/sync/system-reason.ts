/** What the system says of a file, in words. */
const words: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'not permitted',
  ENOENT: 'there is no such file',
  ENOTDIR: 'a part of the path is no folder',
  ELOOP: 'it is a symbolic link, or links in a circle',
  EIO: 'the disk cannot be read',
  ESTALE: 'the network file system has lost it',
  ENAMETOOLONG: 'the path is too long',
  EMFILE: 'too many files are open',
};

/** The system's code of an error, such as `EACCES`. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** Why a file or folder could not be read, without its path: that stands beside it. */
export function reasonOf(error: unknown): string {
  const code = codeOf(error);
  const known = code === undefined ? undefined : words[code];
  if (known !== undefined) return known;
  return code ?? (error instanceof Error ? error.message : String(error));
}
