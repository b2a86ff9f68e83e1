import { cut, factsOf, type AlertMessage } from '../message.ts';

/** A message of Teams has 28 KB; this leaves room for the rest of the card. */
const blockCharacters = 8000;

const colours = { critical: 'attention', warning: 'warning', info: 'good' } as const;

/** An Adaptive Card for a webhook of Teams' Workflows. */
export function renderTeams(message: AlertMessage): unknown {
  const { title, lines, hint, commands, severity } = message;
  const monospace = (text: string): unknown => ({ ...block(text), fontType: 'monospace' });
  return {
    type: 'message',
    attachments: [
      {
        contentType: 'application/vnd.microsoft.card.adaptive',
        content: {
          $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
          type: 'AdaptiveCard',
          version: '1.4',
          msteams: { width: 'Full' },
          body: [
            { ...block(title), size: 'large', weight: 'bolder', color: colours[severity] },
            ...(lines.length === 0 ? [] : [monospace(lines.join('\n\n'))]),
            {
              type: 'FactSet',
              facts: factsOf(message).map(([name, text]) => ({ title: name, value: plain(text) })),
            },
            ...(hint === undefined ? [] : [block(`What to do: ${hint}`)]),
            ...commands.map(monospace),
          ],
        },
      },
    ],
  };
}

function block(text: string): Record<string, unknown> {
  return { type: 'TextBlock', text: plain(cut(text, blockCharacters)), wrap: true };
}

/** Cards know a part of Markdown. */
function plain(text: string): string {
  return text.replaceAll(/[\\*_[\]()#`]/g, '\\$&');
}
