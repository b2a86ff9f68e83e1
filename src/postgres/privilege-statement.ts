import { quoteIdentifier } from './identifier.ts';
import { nameIn, tokensOf, type Token } from './sql-text.ts';

/** One statement of an artifact's owners and privileges, understood. Names and texts are bytes as characters. */
export interface PrivilegeStatement {
  readonly kind:
    'owner' | 'grant' | 'revoke' | 'default-privileges' | 'database' | 'authorization' | 'encoding' | 'path';
  /** As it stands there. */
  readonly text: string;
  readonly tokens: readonly Token[];
  /** Places of roles among the tokens; `public` is none. */
  readonly roles: readonly number[];
  /** What it is about: `FUNCTION`, and `public.f(integer)` as it is spelled there. Empty for settings of the session. */
  readonly object: { readonly kind: string; readonly name: string };
  /** Of a grant and a revocation. */
  readonly grant?: {
    readonly privileges: readonly string[];
    /** Undefined: everybody. */
    readonly grantee: string | undefined;
  };
  /** Whose it is then; of default privileges whose objects they are of; of `authorization` who gives what follows. */
  readonly owner?: string;
}

/** Longer ones first. */
const ownedKinds = [
  'FOREIGN DATA WRAPPER',
  'TEXT SEARCH CONFIGURATION',
  'TEXT SEARCH DICTIONARY',
  'EVENT TRIGGER',
  'FOREIGN TABLE',
  'LARGE OBJECT',
  'MATERIALIZED VIEW',
  'OPERATOR CLASS',
  'OPERATOR FAMILY',
  'PROCEDURAL LANGUAGE',
  'PROPERTY GRAPH',
  'AGGREGATE',
  'COLLATION',
  'CONVERSION',
  'DOMAIN',
  'FUNCTION',
  'LANGUAGE',
  'OPERATOR',
  'PROCEDURE',
  'PUBLICATION',
  'SCHEMA',
  'SEQUENCE',
  'SERVER',
  'STATISTICS',
  'SUBSCRIPTION',
  'TABLE',
  'TYPE',
  'VIEW',
];
const grantedKinds = [
  'FOREIGN DATA WRAPPER',
  'FOREIGN SERVER',
  'LARGE OBJECT',
  'PROPERTY GRAPH',
  'DOMAIN',
  'FUNCTION',
  'LANGUAGE',
  'PROCEDURE',
  'SCHEMA',
  'SEQUENCE',
  'TABLE',
  'TYPE',
];
const defaultKinds = ['LARGE OBJECTS', 'FUNCTIONS', 'SCHEMAS', 'SEQUENCES', 'TABLES', 'TYPES'];
const privilegeWords = new Set(
  'all connect create delete execute insert maintain references select temp temporary trigger truncate update usage'.split(
    ' ',
  ),
);
/** Words that the server reads as roles and that name none. */
const noRoles = new Set(['public', 'current_user', 'current_role', 'session_user', 'none']);

/**
 * Understands one statement as our dumps write them: owners, grants, default privileges, and what is the database's own.
 * The text may be of a repository that somebody else writes to, so that anything else is undefined: nothing that is not
 * understood whole is ever run. Pure.
 */
export function parsePrivilegeStatement(text: string): PrivilegeStatement | undefined {
  const tokens = tokensOf(text);
  if (tokens === undefined) return undefined;
  const reader = new Reader(tokens);
  try {
    const understood = readStatement(reader);
    return reader.isAtEnd() ? { text, tokens, roles: reader.roles, ...understood } : undefined;
  } catch (error) {
    if (error === notOurs) return undefined;
    throw error;
  }
}

type Understood = Omit<PrivilegeStatement, 'text' | 'tokens' | 'roles'>;

const notOurs = new Error('not a statement of ours');
const nothing = { kind: '', name: '' };
const ownDatabase = { kind: 'DATABASE', name: '' };

function readStatement(reader: Reader): Understood {
  if (reader.takes('SET CLIENT_ENCODING TO')) {
    return { kind: 'encoding', object: { kind: '', name: reader.string().slice(1, -1) } };
  }
  if (reader.takes('SET SEARCH_PATH TO')) {
    if (reader.string() !== "''") throw notOurs;
    return { kind: 'path', object: nothing };
  }
  // Around a grant that somebody gave who is not the owner.
  if (reader.takes('RESET SESSION AUTHORIZATION')) return { kind: 'authorization', object: nothing };
  if (reader.takes('SET SESSION AUTHORIZATION'))
    return { kind: 'authorization', object: nothing, owner: reader.role() };
  if (reader.takes('COMMENT ON DATABASE')) {
    reader.database();
    reader.expect('IS');
    if (!reader.takes('NULL')) reader.string();
    return { kind: 'database', object: ownDatabase };
  }
  if (reader.takes('ALTER DEFAULT PRIVILEGES FOR ROLE')) return readDefaultPrivileges(reader);
  if (reader.takes('ALTER DATABASE')) return readDatabase(reader);
  if (reader.takes('ALTER ROLE')) {
    reader.role();
    reader.expect('IN DATABASE');
    reader.database();
    readSetting(reader);
    return { kind: 'database', object: ownDatabase };
  }
  if (reader.takes('ALTER')) return readOwner(reader);
  return readGrant(reader, (inner) => readGranted(inner));
}

function readDatabase(reader: Reader): Understood {
  reader.database();
  if (reader.takes('OWNER TO')) return { kind: 'database', object: ownDatabase, owner: reader.role() };
  if (reader.takes('WITH CONNECTION LIMIT')) {
    if (!reader.takesSymbol('-')) reader.number();
    else reader.number();
  } else readSetting(reader);
  return { kind: 'database', object: ownDatabase };
}

/** `set "search_path" to 'a', 'b'`, or `reset all`. */
function readSetting(reader: Reader): void {
  if (reader.takes('RESET ALL')) return;
  reader.expect('SET');
  do reader.name();
  while (reader.takesSymbol('.'));
  reader.expect('TO');
  do reader.string();
  while (reader.takesSymbol(','));
}

function readOwner(reader: Reader): Understood {
  const kind = reader.oneOf(ownedKinds);
  const from = reader.at;
  readReference(reader);
  if (reader.takes('USING')) reader.name();
  const name = reader.spelled(from);
  reader.expect('OWNER TO');
  return { kind: 'owner', object: { kind, name }, owner: reader.role() };
}

/** A qualified name, an operator's too, or a number; with the types of arguments where it has some. */
function readReference(reader: Reader): void {
  if (reader.takesNumber()) return;
  if (!reader.takesOperator()) {
    reader.name();
    while (reader.takesSymbol('.')) if (!reader.takesOperator()) reader.name();
  }
  if (reader.takesSymbol('(')) reader.untilClosed();
}

function readDefaultPrivileges(reader: Reader): Understood {
  const owner = reader.role();
  const from = reader.at;
  if (reader.takes('IN SCHEMA')) reader.name();
  const where = reader.spelled(from);
  const understood = readGrant(reader, (inner) => ({
    kind: inner.oneOf(defaultKinds),
    name: where,
  }));
  return { ...understood, kind: 'default-privileges', owner };
}

function readGranted(reader: Reader): PrivilegeStatement['object'] {
  if (reader.takes('DATABASE')) {
    reader.database();
    return ownDatabase;
  }
  const kind = reader.oneOf(grantedKinds);
  const from = reader.at;
  readReference(reader);
  return { kind, name: reader.spelled(from) };
}

function readGrant(reader: Reader, object: (reader: Reader) => PrivilegeStatement['object']): Understood {
  const grants = reader.takes('GRANT');
  if (!grants) {
    reader.expect('REVOKE');
    reader.takes('GRANT OPTION FOR');
  }
  const privileges: string[] = [];
  do privileges.push(readPrivilege(reader));
  while (reader.takesSymbol(','));
  reader.expect('ON');
  const on = object(reader);
  reader.expect(grants ? 'TO' : 'FROM');
  const grantee = reader.takes('PUBLIC') ? undefined : reader.role();
  if (grants) reader.takes('WITH GRANT OPTION');
  return { kind: grants ? 'grant' : 'revoke', object: on, grant: { privileges, grantee } };
}

function readPrivilege(reader: Reader): string {
  const word = reader.word();
  if (!privilegeWords.has(word)) throw notOurs;
  if (word === 'all') reader.takes('PRIVILEGES');
  const from = reader.at;
  if (reader.takesSymbol('(')) {
    do reader.name();
    while (reader.takesSymbol(','));
    if (!reader.takesSymbol(')')) throw notOurs;
  }
  return word.toUpperCase() + reader.spelled(from);
}

/** Goes through the tokens of a statement. What it expects and does not find throws `notOurs`. */
class Reader {
  readonly roles: number[] = [];
  at = 0;
  readonly #tokens: readonly Token[];

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  isAtEnd(): boolean {
    return this.at === this.#tokens.length;
  }

  /** Words in a row, when they stand here. */
  takes(words: string): boolean {
    const wanted = words.split(' ');
    const stands = wanted.every((word, index) => {
      const token = this.#tokens[this.at + index];
      return token?.kind === 'word' && token.text.toUpperCase() === word;
    });
    if (stands) this.at += wanted.length;
    return stands;
  }

  expect(words: string): void {
    if (!this.takes(words)) throw notOurs;
  }

  oneOf(kinds: readonly string[]): string {
    const found = kinds.find((kind) => this.takes(kind));
    if (found === undefined) throw notOurs;
    return found;
  }

  takesSymbol(text: string): boolean {
    return this.#takes((token) => token.kind === 'symbol' && token.text === text) !== undefined;
  }

  takesOperator(): boolean {
    return (
      this.#takes((token) => token.kind === 'symbol' && /^[-+*/<>=~!@#%^&|`?]/.test(token.text)) !== undefined
    );
  }

  takesNumber(): boolean {
    return this.#takes(({ kind }) => kind === 'number') !== undefined;
  }

  number(): void {
    if (!this.takesNumber()) throw notOurs;
  }

  database(): void {
    this.#expects(({ kind }) => kind === 'database');
  }

  string(): string {
    return this.#expects(({ kind }) => kind === 'string').text;
  }

  word(): string {
    return nameIn(this.#expects(({ kind }) => kind === 'word'));
  }

  name(): string {
    return nameIn(this.#expects(({ kind }) => kind === 'word' || kind === 'quoted'));
  }

  role(): string {
    const token = this.#tokens[this.at];
    const name = this.name();
    if (token?.kind === 'word' && noRoles.has(name)) throw notOurs;
    this.roles.push(this.at - 1);
    return name;
  }

  /** Types of arguments up to the bracket that closes what was opened. */
  untilClosed(): void {
    for (let depth = 1; depth > 0;) {
      const { kind, text } = this.#expects((token) => token.kind !== 'string' && token.kind !== 'database');
      if (kind !== 'symbol') continue;
      if (text === '(') depth += 1;
      else if (text === ')') depth -= 1;
      else if (!/^(?:[,.*[\]]|%)$/.test(text)) throw notOurs;
    }
  }

  spelled(from: number): string {
    return spell(this.#tokens.slice(from, this.at));
  }

  #takes(test: (token: Token) => boolean): Token | undefined {
    const token = this.#tokens[this.at];
    if (token === undefined || !test(token)) return undefined;
    this.at += 1;
    return token;
  }

  #expects(test: (token: Token) => boolean): Token {
    const token = this.#takes(test);
    if (token === undefined) throw notOurs;
    return token;
  }
}

/** The statement for another database, with other roles. `role` gets names as they stand in the text. Pure. */
export function renderPrivilegeStatement(
  { tokens, roles }: Pick<PrivilegeStatement, 'tokens' | 'roles'>,
  { database, role }: { readonly database: string; readonly role: (name: string) => string },
): string {
  return spell(
    tokens.map((token, index) => {
      if (token.kind === 'database') return { kind: 'quoted', text: quoteIdentifier(database) };
      if (!roles.includes(index)) return token;
      return { kind: 'quoted', text: quoteIdentifier(role(nameIn(token))) };
    }),
  );
}

/** Close together, as people write it. */
function spell(tokens: readonly Token[]): string {
  let text = '';
  let before: Token | undefined;
  for (const token of tokens) {
    const isTight =
      before === undefined ||
      before.text === '.' ||
      before.text === '(' ||
      before.text === '[' ||
      ['.', ',', ')', '[', ']'].includes(token.text) ||
      (token.text === '(' && before.kind !== 'symbol');
    text += isTight ? token.text : ` ${token.text}`;
    before = token;
  }
  return text;
}
