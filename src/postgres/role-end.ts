import type { Session } from './connect.ts';

/**
 * When the password of the session's role ends (`valid until`); null for one without an end. Every role may ask.
 * @throws Failure `postgres-*`
 */
export async function readRoleEnd(session: Session): Promise<Date | null> {
  const [row] = await session.query<{ seconds: string | null }>(
    'select extract(epoch from rolvaliduntil)::text as seconds from pg_roles where rolname = session_user',
    [],
    'reading until when the role is valid',
  );
  const seconds = row?.seconds ?? null;
  if (seconds === null || seconds === 'Infinity') return null;
  return new Date(seconds === '-Infinity' ? 0 : Number(seconds) * 1000);
}
