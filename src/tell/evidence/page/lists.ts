import { markup, type Markup } from '../markup.ts';
import type { NamedFact } from '../named-facts.ts';

/** Sentences as a list; undefined for none. */
export function bullets(texts: readonly string[]): Markup | undefined {
  if (texts.length === 0) return undefined;
  return markup`<ul class="plain">${texts.map((text) => markup`<li>${text}</li>\n`)}</ul>`;
}

/** Names and values, one beside the other. */
export function factList(facts: readonly NamedFact[]): Markup {
  return markup`<dl class="facts">
${facts.map(({ name, value, kind }) => markup`<dt>${name}</dt><dd>${kind === 'code' ? markup`<code>${value}</code>` : value}</dd>\n`)}</dl>`;
}
