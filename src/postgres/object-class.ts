/** Kinds of objects that bear names of one kind: views were altered as tables before 16, and a procedure is a function. */
export function classOf(kind: string): string {
  if (['PROCEDURE', 'AGGREGATE', 'ROUTINE'].includes(kind)) return 'FUNCTION';
  if (['VIEW', 'MATERIALIZED VIEW', 'FOREIGN TABLE', 'SEQUENCE'].includes(kind)) return 'TABLE';
  return kind === 'DOMAIN' ? 'TYPE' : kind;
}
