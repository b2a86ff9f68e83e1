/** Text as one word of sh or bash: in single quotes unless it needs none. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** Name of a variable for any text: capitals, digits and underscores. */
export function variableName(prefix: string, text: string): string {
  return `${prefix}${text.toUpperCase().replaceAll(/[^A-Z\d]/g, '_')}`;
}
