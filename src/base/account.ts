import { userInfo } from 'node:os';

/** Who sits there: the person behind sudo, otherwise the account; its number where the system knows no name for it. */
export function accountName(variables: Readonly<Record<string, string | undefined>>): string {
  const said = ['SUDO_USER', 'LOGNAME', 'USER'].map((name) => variables[name]);
  const found = said.find((name) => name !== undefined && name !== '');
  if (found !== undefined) return found;
  try {
    return userInfo().username;
  } catch {
    // An account without a name, as in containers.
    return `uid ${String(process.getuid?.())}`;
  }
}
