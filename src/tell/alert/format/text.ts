import { factsOf, type AlertMessage } from '../message.ts';

/** The message for mails, phones and programs: what happened, where, since when, what to do; each line short. */
export function renderText(message: AlertMessage): string {
  const { title, lines, hint, commands } = message;
  const facts = factsOf(message);
  const width = Math.max(...facts.map(([name]) => name.length));
  const parts = [
    [title],
    lines,
    facts.map(([name, text]) => `  ${name.padEnd(width)}  ${text}`),
    [...(hint === undefined ? [] : [`What to do: ${hint}`]), ...commands.map((command) => `  $ ${command}`)],
  ];
  return `${parts
    .filter((part) => part.length > 0)
    .map((part) => part.join('\n'))
    .join('\n\n')}\n`;
}

/** The same without its title, where that has a place of its own. */
export function renderBody(message: AlertMessage): string {
  return renderText(message).slice(message.title.length).trimStart();
}
