import { Failure } from '../base/failure.ts';

/** A piece of a statement, as it is spelled. Texts are bytes as characters (latin1), whatever their encoding. */
export interface Token {
  readonly kind: 'word' | 'quoted' | 'string' | 'number' | 'symbol' | 'database';
  readonly text: string;
}

/** What may begin something in which a semicolon is none, or end a statement. */
const landmarks = /["'$;\\]|--|\/\*/g;

/**
 * The statements of an SQL script, one by one, without comments and the semicolon: told apart as the server's own lexer
 * does, so that names and texts may hold line breaks, semicolons and whatever else. psql's `\restrict` is passed over,
 * any other of its commands is a statement of its own. Pure.
 * @throws Failure `dump-unusable` for a text that ends within a statement
 */
export function* splitStatements(text: string): Generator<string> {
  let parts: string[] = [];
  let from = 0;
  const take = (to: number, next: number): void => {
    parts.push(text.slice(from, to));
    from = next;
  };
  const finish = (): string => {
    const statement = parts.join('').trim();
    parts = [];
    return statement;
  };
  const landmark = new RegExp(landmarks);
  for (let found = landmark.exec(text); found !== null; found = landmark.exec(text)) {
    const [what] = found;
    const at = found.index;
    if (what === ';') {
      take(at, at + 1);
      const statement = finish();
      if (statement !== '') yield statement;
    } else if (what === '--') {
      take(at, endOfLine(text, at));
    } else if (what === '/*') {
      take(at, endOfComment(text, at));
      parts.push(' ');
    } else if (what === '\\') {
      const isCommand = (parts.join('') + text.slice(from, at)).trim() === '';
      if (!isCommand) continue;
      from = at;
      take(endOfLine(text, at), endOfLine(text, at));
      const command = finish();
      if (!/^\\(?:un)?restrict \S+$/.test(command)) yield command;
    } else {
      landmark.lastIndex = endOfQuoted(text, at);
      continue;
    }
    landmark.lastIndex = Math.max(from, at + 1);
  }
  take(text.length, text.length);
  if (finish() !== '') throw brokenOff();
}

function endOfLine(text: string, at: number): number {
  const end = text.indexOf('\n', at);
  return end === -1 ? text.length : end;
}

function endOfComment(text: string, at: number): number {
  const edge = /\/\*|\*\//g;
  edge.lastIndex = at;
  let depth = 0;
  for (let found = edge.exec(text); found !== null; found = edge.exec(text)) {
    depth += found[0] === '/*' ? 1 : -1;
    if (depth === 0) return edge.lastIndex;
  }
  throw brokenOff();
}

/** After the name or text that begins at `at`; after the character where none does. */
function endOfQuoted(text: string, at: number): number {
  if (text[at] === '"') return endOfQuotes(text, at, '"');
  if (text[at] === '$') return endOfDollars(text, at);
  const isEscaped = /[eE]/.test(text[at - 1] ?? '') && !isWordCharacter(text[at - 2] ?? '');
  return isEscaped ? endOfEscaped(text, at) : endOfQuotes(text, at, "'");
}

/** A doubled quote is one of the text: the next piece begins at once, which comes to the same. */
function endOfQuotes(text: string, at: number, quote: string): number {
  const end = text.indexOf(quote, at + 1);
  if (end === -1) throw brokenOff();
  return end + 1;
}

function endOfEscaped(text: string, at: number): number {
  const edge = /\\|'/g;
  edge.lastIndex = at + 1;
  for (let found = edge.exec(text); found !== null; found = edge.exec(text)) {
    if (found[0] === '\\') edge.lastIndex += 1;
    else if (text[edge.lastIndex] === "'") edge.lastIndex += 1;
    else return edge.lastIndex;
  }
  throw brokenOff();
}

function endOfDollars(text: string, at: number): number {
  const tag = /\$(?:[A-Za-z_\x80-\xff][\w\x80-\xff]*)?\$/y;
  tag.lastIndex = at;
  const found = isWordCharacter(text[at - 1] ?? '') ? null : tag.exec(text);
  if (found === null) return at + 1;
  const end = text.indexOf(found[0], tag.lastIndex);
  if (end === -1) throw brokenOff();
  return end + found[0].length;
}

function isWordCharacter(character: string): boolean {
  return /[\w$\x80-\xff]/.test(character);
}

function brokenOff(): Failure {
  return new Failure('dump-unusable', 'SQL that breaks off in the middle of a statement');
}

const tokens: readonly (readonly [Token['kind'], RegExp])[] = [
  ['database', /:"DBNAME"/y],
  ['string', /[eE]'[^'\\]*(?:(?:\\[^]|'')[^'\\]*)*'|'[^']*(?:''[^']*)*'/y],
  ['quoted', /"[^"]*(?:""[^"]*)*"/y],
  ['number', /\d+/y],
  ['word', /[A-Za-z_\x80-\xff][\w$\x80-\xff]*/y],
  ['symbol', /[-+*/<>=~!@#%^&|`?]+|[(),.[\]]/y],
];
const blanks = /\s*/y;

/** The pieces of one statement; undefined where it holds what we never write. Pure. */
export function tokensOf(statement: string): readonly Token[] | undefined {
  const found: Token[] = [];
  for (let at = skipBlanks(statement, 0); at < statement.length; at = skipBlanks(statement, at)) {
    const token = tokenAt(statement, at);
    if (token === undefined) return undefined;
    found.push(token);
    at += token.text.length;
  }
  return found;
}

function skipBlanks(text: string, at: number): number {
  blanks.lastIndex = at;
  return at + (blanks.exec(text)?.[0].length ?? 0);
}

function tokenAt(text: string, at: number): Token | undefined {
  for (const [kind, pattern] of tokens) {
    pattern.lastIndex = at;
    const [found] = pattern.exec(text) ?? [];
    if (found !== undefined) return { kind, text: found };
  }
  return undefined;
}

/** What a name's token names: unquoted ones are in small letters. */
export function nameIn({ kind, text }: Token): string {
  if (kind === 'quoted') return text.slice(1, -1).replaceAll('""', '"');
  return text.replaceAll(/[A-Z]+/g, (letters) => letters.toLowerCase());
}
