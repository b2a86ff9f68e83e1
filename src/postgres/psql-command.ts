import type { PostgresEndpoint } from '../language/environment/environment.ts';

/** The command that connects a person to a database of this server, as a shell takes it. Never with a password. */
export function psqlCommand(endpoint: PostgresEndpoint, database: string = endpoint.database): string {
  const { host, port, user } = endpoint;
  const parts = { host, port: String(port), user, dbname: database };
  const words = Object.entries(parts).map(([key, value]) => `${key}=${conninfoValue(value)}`);
  return `psql '${words.join(' ').replaceAll("'", String.raw`'\''`)}'`;
}

/** Plain words as they are; others in quotes, as libpq reads them. */
function conninfoValue(value: string): string {
  if (/^[\w./:@%+-]+$/.test(value)) return value;
  return `'${value.replaceAll(/[\\']/g, String.raw`\$&`)}'`;
}
