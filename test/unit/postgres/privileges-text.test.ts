import { describe, expect, test } from 'vitest';
import { isAboutWho } from '../../../src/postgres/privileges-text.ts';

describe('of a dump of definitions, owners and privileges are kept', () => {
  test.for([
    'ALTER TABLE public.orders OWNER TO app',
    'ALTER FUNCTION public."odd OWNER TO me"(integer) OWNER TO "the ""app"""',
    'ALTER GALAXY milky_way OWNER TO app',
    'GRANT SELECT ON TABLE public.orders TO reader',
    'REVOKE ALL ON FUNCTION public.secret() FROM PUBLIC',
    'ALTER DEFAULT PRIVILEGES FOR ROLE app IN SCHEMA public GRANT SELECT ON TABLES TO reader',
    'SET SESSION AUTHORIZATION reader',
    'RESET SESSION AUTHORIZATION',
  ])('%s', (statement) => {
    expect(isAboutWho(statement)).toBe(true);
  });

  test.for([
    'CREATE TABLE public.orders (\n    id integer\n)',
    'ALTER SEQUENCE public.orders_id_seq OWNED BY public.orders.id',
    "ALTER TABLE ONLY public.orders ALTER COLUMN note SET DEFAULT ' OWNER TO app'::text",
    'CREATE FUNCTION public.f() RETURNS void\n    LANGUAGE sql\n    AS $$GRANT SELECT ON orders TO reader$$',
    "COMMENT ON TABLE public.orders IS 'GRANT nothing'",
    "SET default_tablespace = ''",
  ])('not %s', (statement) => {
    expect(isAboutWho(statement)).toBe(false);
  });
});
