/** The first of many names, and how many there are besides, so that a message stays readable: `a, b and 18 more`. */
export function firstOf(names: readonly string[], most = 5, between: ', ' | '; ' = ', '): string {
  const shown = names.slice(0, most).join(between);
  const and = between === ', ' ? ' and' : '; and';
  return names.length <= most ? shown : `${shown}${and} ${String(names.length - most)} more`;
}
