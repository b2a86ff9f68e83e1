import { cut, factsOf, type AlertMessage } from '../message.ts';

/** Limits of Slack's Block Kit: characters of a header, and of a section's text. */
const headerCharacters = 150;
const sectionCharacters = 2900;

/** Blocks for Slack and what understands the same (Mattermost takes `text`). */
export function renderSlack(message: AlertMessage): unknown {
  const { title, lines, hint, commands, severity } = message;
  const facts = factsOf(message).map(([name, text]) => `*${escape(name)}*  ${escape(text)}`);
  const next = [
    ...(hint === undefined ? [] : [escape(hint)]),
    ...commands.map((command) => `\`${escape(command)}\``),
  ];
  return {
    // What notifications and screen readers show.
    text: cut(escape(title), sectionCharacters),
    blocks: [
      {
        type: 'header',
        text: { type: 'plain_text', text: cut(`${sign[severity]} ${title}`, headerCharacters) },
      },
      ...(lines.length === 0
        ? []
        : [section(`\`\`\`${cut(escape(lines.join('\n')), sectionCharacters)}\`\`\``)]),
      section(cut(facts.join('\n'), sectionCharacters)),
      ...(next.length === 0 ? [] : [section(cut(`*What to do*\n${next.join('\n')}`, sectionCharacters))]),
    ],
  };
}

const sign = { critical: '🔴', warning: '🟠', info: '🟢' } as const;

function section(text: string): unknown {
  return { type: 'section', text: { type: 'mrkdwn', text } };
}

/** The three characters that Slack gives a meaning; with them nobody is mentioned either. */
function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('`', 'ˋ');
}
