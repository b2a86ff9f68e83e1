/** Names of what the manifests share. */
export const names = {
  account: 'run-plan',
  files: 'run-plan-files',
  variables: 'run-plan-variables',
  secrets: 'run-plan-secrets',
  credentials: 'run-plan-credentials',
} as const;

/** A key of a ConfigMap for a path. */
export function keyOf(path: string): string {
  return path.replaceAll('/', '.');
}
