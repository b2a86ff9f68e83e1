import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  parsePrivilegeStatement,
  renderPrivilegeStatement,
} from '../../../src/postgres/privilege-statement.ts';
import { quoteIdentifier } from '../../../src/postgres/identifier.ts';
import { splitStatements } from '../../../src/postgres/sql-text.ts';

describe('a script is told apart into statements', () => {
  test.for([
    ['select 1; select 2;', ['select 1', 'select 2']],
    [`select ';', E'\\';', ";" ;;`, [`select ';', E'\\';', ";"`]],
    ['a "x\n-- y;" b;', ['a "x\n-- y;" b']],
    [`select 'it''s;' || type';';`, [`select 'it''s;' || type';'`]],
    ['as $f$;$$;$f$;', ['as $f$;$$;$f$']],
    ['a$1$b;c;', ['a$1$b', 'c']],
    ['-- x;\na /* ; /* ; */ */ b -- ;\n;', ['a   b']],
    ['\\restrict abc\na;\n\\unrestrict abc\n', ['a']],
    ['\\! touch pwned\na;', ['\\! touch pwned', 'a']],
  ] as const)('%s', ([text, statements]) => {
    expect([...splitStatements(text)]).toEqual(statements);
  });

  test.for(['select 1', `x 'y;`, 'x "y;', 'x $a$ y;', '/* x;', `E'\\';`])('%s breaks off', (text) => {
    expect(() => [...splitStatements(text)]).toThrow('breaks off');
  });
});

const as = { database: 'new "one', role: (name: string) => (name === 'app' ? 'app staging' : name) };

test.for([
  ['ALTER TABLE public.t OWNER TO app', 'ALTER TABLE public.t OWNER TO "app staging"'],
  [
    'ALTER FUNCTION app.app(app app.app[], VARIADIC b numeric(10,2)) OWNER TO app',
    'ALTER FUNCTION app.app(app app.app[], VARIADIC b numeric(10, 2)) OWNER TO "app staging"',
  ],
  ['ALTER AGGREGATE public.a(*) OWNER TO "x""y"', 'ALTER AGGREGATE public.a(*) OWNER TO "x""y"'],
  ['ALTER OPERATOR public.=== (integer, NONE) OWNER TO app', undefined],
  ['ALTER OPERATOR CLASS public.o USING btree OWNER TO app', undefined],
  ['GRANT SELECT(id),UPDATE(b) ON TABLE public.t TO app WITH GRANT OPTION', undefined],
  ['GRANT ALL ON LARGE OBJECT 12 TO PUBLIC', 'GRANT ALL ON LARGE OBJECT 12 TO PUBLIC'],
  ['revoke CONNECT on database :"DBNAME" from public', 'revoke CONNECT on database "new ""one" from public'],
  [
    'alter database :"DBNAME" set "search_path" to \'a\', E\'b\\\\\'',
    'alter database "new ""one" set "search_path" to \'a\', E\'b\\\\\'',
  ],
  [
    'alter role "app" in database :"DBNAME" reset all',
    'alter role "app staging" in database "new ""one" reset all',
  ],
  ['ALTER DEFAULT PRIVILEGES FOR ROLE app IN SCHEMA s REVOKE ALL ON FUNCTIONS FROM PUBLIC', undefined],
  ['comment on database :"DBNAME" is \'a;b\'', 'comment on database "new ""one" is \'a;b\''],
  ['SET SESSION AUTHORIZATION app', 'SET SESSION AUTHORIZATION "app staging"'],
] as const)('%s is understood', ([text, rendered]) => {
  const statement = parsePrivilegeStatement(text);
  expect(statement).toBeDefined();
  if (statement === undefined || rendered === undefined) return;
  expect(renderPrivilegeStatement(statement, as)).toBe(rendered);
});

test.for([
  'ALTER ROLE app SUPERUSER',
  'GRANT admin TO app',
  'GRANT pg_execute_server_program TO PUBLIC',
  'GRANT SET ON PARAMETER log_statement TO app',
  'GRANT ALTER SYSTEM ON PARAMETER log_statement TO app',
  'ALTER DATABASE other OWNER TO app',
  'ALTER DATABASE "DBNAME" OWNER TO app',
  'GRANT ALL ON DATABASE postgres TO app',
  'COMMENT ON DATABASE postgres IS NULL',
  'ALTER ROLE app IN DATABASE postgres RESET ALL',
  "ALTER ROLE app SET role TO 'postgres'",
  'ALTER SYSTEM SET "archive_command" TO \'x\'',
  'ALTER TABLE t OWNER TO app, ADD COLUMN x int',
  'ALTER TABLE t OWNER TO public',
  'ALTER TABLE t OWNER TO current_user',
  'ALTER TABLE t RENAME TO u',
  "ALTER FUNCTION f(int DEFAULT 'x') OWNER TO app",
  'ALTER FUNCTION f(int) RESET ALL OWNER TO app',
  'ALTER TABLE t OWNER TO app \\gexec',
  'ALTER TABLE t OWNER TO :owner',
  "COPY t FROM PROGRAM 'x'",
  'DO $$ begin end $$',
  'drop table t',
  '\\! touch pwned',
  'GRANT ALL ON TABLE t TO a, b',
  'GRANT ALL ON ALL TABLES IN SCHEMA s TO a',
  "set search_path to 'evil'",
  'set role to app',
  'RESET ALL',
  '',
])('%s is not', (text) => {
  expect(parsePrivilegeStatement(text)).toBeUndefined();
});

test('a name of whatever characters stays one name', () => {
  const name = fc.string({ minLength: 1, unit: fc.constantFrom(...'aE"\'\n\r;\\$-/*: ()'.split('')) });
  fc.assert(
    fc.property(name, name, (table, owner) => {
      const text = `ALTER TABLE ${quoteIdentifier(table)} OWNER TO ${quoteIdentifier(owner)}`;
      expect([...splitStatements(`${text};\n${text};`)]).toEqual([text, text]);
      expect(parsePrivilegeStatement(text)).toMatchObject({ kind: 'owner', owner });
    }),
  );
});
