/** Entries of a table of contents that say another object's name before their own. */
const ofAnother =
  /^(?:(?:FK |CHECK )?CONSTRAINT|TRIGGER|RULE|POLICY|ROW SECURITY|DEFAULT|TABLE ATTACH|INDEX ATTACH|COMMENT|ACL|DEFAULT ACL|SECURITY LABEL|STATISTICS DATA|PUBLICATION TABLE|PUBLICATION TABLES IN SCHEMA|USER MAPPING) /;

/**
 * Whether an operator's words (`schema.name`, `schema.*`) name an entry of a table of contents: an object and what belongs
 * to it. An entry quotes nothing and ends with its owner, so `public.a` is not `TABLE public a b owner`, and an owner with
 * a blank in the name wants `public.a *`. Pure.
 */
export function names(accepted: string, object: string): boolean {
  const literal = accepted.replaceAll(/[\\^$+?()[\]{}|]/g, String.raw`\$&`);
  const pattern = literal.replaceAll('.', '[. ]').replaceAll('*', '.*');
  const rest = ofAnother.test(object) ? '(?: .*)?' : '(?:\\(.*| [^ ]*)?';
  return new RegExp(`^[A-Z ]+ (?:- )?${pattern}${rest}$`, 's').test(object);
}

interface NamedTable {
  readonly schema: string;
  readonly name: string;
}

/**
 * Tables and materialized views of a manifest that entries of a table of contents name, of those that a restore was
 * accepted without: not there, or without rows. Where names begin alike it is the longest; one that is there can only lack
 * its rows. Pure.
 */
export function tablesNamed<T extends NamedTable>(
  entries: readonly string[],
  dumped: readonly T[],
  there: readonly NamedTable[],
): readonly T[] {
  const wordsOf = ({ schema, name }: NamedTable): string => `${schema} ${name} `;
  const present = new Set(there.map(wordsOf));
  const all = [...dumped, ...there].map(wordsOf);
  const meant = new Set<string>();
  for (const entry of entries) {
    const [, rows, words = ''] = /^(?:TABLE|MATERIALIZED VIEW) (DATA )?(.*)$/s.exec(entry) ?? [];
    let longest = '';
    for (const each of all) if (words.startsWith(each) && each.length > longest.length) longest = each;
    if (longest !== '' && (rows !== undefined || !present.has(longest))) meant.add(longest);
  }
  return dumped.filter((table) => meant.has(wordsOf(table)));
}
