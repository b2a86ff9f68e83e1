import { cut, type AlertMessage } from '../message.ts';
import { renderBody } from './text.ts';

/** ntfy makes an attachment of a longer body. */
const bodyBytes = 4000;

const priorities = { critical: 'urgent', warning: 'high', info: 'default' } as const;
const tags = { critical: 'rotating_light', warning: 'warning', info: 'white_check_mark' } as const;

/** A message for ntfy: its text is the body, the rest are headers. */
export function renderNtfy(message: AlertMessage): {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
} {
  const { title, severity } = message;
  return {
    headers: {
      'content-type': 'text/plain; charset=utf-8',
      title: encodeHeader(cut(title, 200)),
      priority: priorities[severity],
      tags: tags[severity],
    },
    body: cutBytes(renderBody(message)),
  };
}

/** Headers hold ASCII; ntfy reads the encoded words of RFC 2047. */
function encodeHeader(text: string): string {
  return /^[\x20-\x7e]*$/.test(text) ? text : `=?UTF-8?B?${Buffer.from(text).toString('base64')}?=`;
}

function cutBytes(text: string): string {
  if (Buffer.byteLength(text) <= bodyBytes) return text;
  let kept = text;
  while (Buffer.byteLength(kept) > bodyBytes) kept = cut(kept, Math.floor([...kept].length * 0.9));
  return kept;
}
