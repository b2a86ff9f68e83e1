import type { Path, YamlDocument } from '../../yaml/yaml-document.ts';
import type { Rule, RuleFinding } from './rule.ts';

export const secretInClear: Rule = {
  name: 'secret-in-clear',
  severity: 'error',
  reason:
    'Plans are kept in git: what is written in them is known to everyone who can read the repository, for ever.',
  check: ({ file, environments }) => [
    ...secretsIn(file.document.value, [], 'plan'),
    ...(environments.document === undefined ? [] : secretsInEnvironments(environments.document)),
  ],
};

/** Every plan asks about the same environments. */
const found = new WeakMap<YamlDocument, readonly RuleFinding[]>();

function secretsInEnvironments(document: YamlDocument): readonly RuleFinding[] {
  const known = found.get(document) ?? secretsIn(document.value, [], 'environments');
  found.set(document, known);
  return known;
}

const secretKey =
  /(?:^|[-_])(?:password|passwd|passphrase|secret|token|api-?key|private-key|authorization)$/i;

/** User and password in an address; an assignment of a secret in a script; the beginnings of well-known keys. */
const secretText: readonly RegExp[] = [
  /[a-z][a-z0-9+.-]*:\/\/[^\s:/@$]+:[^\s/@$]+@/i,
  /\b(?:PGPASSWORD|AWS_SECRET_ACCESS_KEY|[A-Z_]*(?:PASSWORD|SECRET|TOKEN))=["']?[^\s"'$]+/,
  /\bAKIA[0-9A-Z]{16}\b|AGE-SECRET-KEY-1|-----BEGIN [A-Z ]*PRIVATE KEY-----/,
];

function secretsIn(value: unknown, path: Path, file: 'plan' | 'environments'): readonly RuleFinding[] {
  if (typeof value === 'string') return isSecret(value, path) ? [finding(path, file)] : [];
  if (Array.isArray(value))
    return value.flatMap((item: unknown, index) => secretsIn(item, [...path, index], file));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, item]) => secretsIn(item as unknown, [...path, key], file));
}

function isSecret(text: string, path: Path): boolean {
  if (secretText.some((pattern) => pattern.test(text))) return true;
  return secretKey.test(String(path.at(-1))) && text !== '' && !text.includes('${');
}

function finding(path: Path, file: 'plan' | 'environments'): RuleFinding {
  return {
    message: `'${String(path.at(-1))}' holds a secret written in clear`,
    hint: 'say where it is to be found instead: { env: NAME }, { file: /path }, { command: … } or { credential: name }',
    file,
    path,
    confidential: true,
  };
}
