/** NAMEDATALEN - 1: the server cuts an application_name to this many bytes without a word. */
const applicationNameBytes = 63;

/**
 * The `application_name` of a run's sessions: its id, or the end of it, which is the part that tells runs apart.
 * `purpose` sets a session apart that must outlive the others, such as the one that holds the lock. ASCII only, because
 * servers replace every other character.
 */
export function applicationName(runId: string, purpose?: string): string {
  const suffix = purpose === undefined ? '' : ` ${purpose}`;
  return `${runId.replaceAll(/[^\x20-\x7e]/g, '?').slice(-(applicationNameBytes - suffix.length))}${suffix}`;
}
