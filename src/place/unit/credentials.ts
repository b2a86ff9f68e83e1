/**
 * Names of every systemd credential that settings refer to, sorted: references of environments (`{ kind: credential }`)
 * and those that parameters of a task spell as YAML does (`{ credential: name }`), however deep they lie.
 */
export function credentialNames(...settings: readonly unknown[]): readonly string[] {
  const found = new Set<string>();
  const look = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    if (isReference(value)) found.add(value.name);
    else if (isWritten(value)) found.add(value.credential);
    else for (const part of Object.values(value)) look(part);
  };
  for (const value of settings) look(value);
  return [...found].sort();
}

function isReference(value: object): value is { readonly kind: 'credential'; readonly name: string } {
  return 'kind' in value && value.kind === 'credential' && 'name' in value && typeof value.name === 'string';
}

function isWritten(value: object): value is { readonly credential: string } {
  return 'credential' in value && typeof value.credential === 'string' && Object.keys(value).length === 1;
}
