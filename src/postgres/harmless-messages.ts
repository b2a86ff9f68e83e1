import type { RestoreMessage } from './restore-messages.ts';

/** An error of pg_restore that leaves the restored database as it should be. */
interface HarmlessRule {
  readonly message: RegExp;
  /** What the failed statement must be; any unless said. */
  readonly statement?: RegExp;
  readonly reason: string;
}

/**
 * The closed list. Each was met in the field: a schema `public` that every new database already has
 * (databasus/databasus#726), a setting of a newer client that an older server does not know (discourse#41632).
 */
const rules: readonly HarmlessRule[] = [
  {
    message: /^schema "public" already exists$/,
    statement: /^CREATE SCHEMA "?public"?;/,
    reason: 'every new database has the schema public',
  },
  {
    message: /^cannot drop schema public because other objects depend on it/,
    statement: /^DROP SCHEMA (?:IF EXISTS )?"?public"?;/,
    reason: 'the schema public stays as it is',
  },
  {
    message: /^must be owner of schema public$/,
    statement: /^(?:COMMENT ON SCHEMA "?public"? IS|DROP SCHEMA (?:IF EXISTS )?"?public"?;)/,
    reason: "the schema public belongs to the server's administrator",
  },
  {
    message: /^must be owner of extension "?[\w-]+"?$/,
    statement: /^COMMENT ON EXTENSION /,
    reason: "the comment on an extension belongs to the server's administrator",
  },
  {
    message: /^unrecognized configuration parameter "(?:transaction_timeout|idle_session_timeout)"/,
    statement: /^SET /,
    reason: "a setting of the restore's own session that this server does not know",
  },
  {
    // A name may have line breaks.
    message: /^(?:role|tablespace) ".+" already exists$/s,
    reason: 'a role or tablespace that exists stays as it is',
  },
  {
    message: /^language "plpgsql" already exists$/,
    statement: /^CREATE (?:OR REPLACE )?(?:TRUSTED )?(?:PROCEDURAL )?LANGUAGE "?plpgsql"?/,
    reason: 'every new database has the language plpgsql',
  },
];

/** Why an error does no harm, or undefined when it is not known to be harmless. */
export function harmlessReason({ message, statement }: RestoreMessage): string | undefined {
  return rules.find((rule) => rule.message.test(message) && (rule.statement?.test(statement) ?? true))
    ?.reason;
}
