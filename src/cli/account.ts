import { userInfo } from 'node:os';

/** Name of the account that runs this process; its number where the system knows no name for it. */
export function accountName(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.() ?? 'unknown');
  }
}
