import { cut, factsOf, type AlertMessage } from '../message.ts';

/** Limits of Discord's embeds: characters of a title, a description, a field. */
const titleCharacters = 256;
const descriptionCharacters = 3800;
const fieldCharacters = 1000;

const colours = { critical: 0xd92d20, warning: 0xf79009, info: 0x12b76a } as const;

/** An embed for Discord. Nobody is mentioned, whatever an error says. */
export function renderDiscord(message: AlertMessage): unknown {
  const { title, lines, hint, commands, severity, at } = message;
  const next = [
    ...(hint === undefined ? [] : [plain(hint)]),
    ...commands.map((command) => `\`${code(command)}\``),
  ];
  return {
    allowed_mentions: { parse: [] },
    embeds: [
      {
        title: cut(plain(title), titleCharacters),
        color: colours[severity],
        timestamp: at,
        ...(lines.length > 0 && {
          description: `\`\`\`\n${cut(code(lines.join('\n')), descriptionCharacters)}\n\`\`\``,
        }),
        fields: [
          ...factsOf(message).map(([name, text]) => ({
            name,
            value: cut(plain(text), fieldCharacters),
            inline: text.length < 30,
          })),
          ...(next.length === 0
            ? []
            : [{ name: 'what to do', value: cut(next.join('\n'), fieldCharacters) }]),
        ],
      },
    ],
  };
}

function plain(text: string): string {
  return text.replaceAll(/[\\*_~`|>#[\]()-]/g, '\\$&');
}

/** A backtick would end the block of code. */
function code(text: string): string {
  return text.replaceAll('`', 'ˋ');
}
