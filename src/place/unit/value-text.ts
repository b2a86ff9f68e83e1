import { Failure } from '../../base/failure.ts';

/**
 * Text as the value of a setting that systemd takes as it is, to the line's end: `Description=`, `WorkingDirectory=`.
 * Specifiers (`%`) are doubled. @throws Failure `usage` for what such a line cannot hold
 */
export function plainValue(text: string): string {
  // systemd cuts blanks at both ends, and a backslash at the end would join the next line.
  if (/\p{Cc}|^\s|\s$|\\$/u.test(text)) throw unwritable(text);
  return text.replaceAll('%', '%%');
}

/**
 * Text as one word of a setting that systemd splits at blanks and unquotes: a path of `ReadWritePaths=`. Quoted when it
 * holds anything but letters, digits and the harmless marks of a path.
 */
export function word(text: string): string {
  const escaped = escape(text);
  return /^[\w@+=:,./%-]+$/.test(escaped) ? escaped : `"${escaped}"`;
}

/** Text as one argument of `ExecStart=`, where `$` begins a variable as well. */
export function argument(text: string): string {
  return word(text).replaceAll('$', '$$$$');
}

function escape(text: string): string {
  // NUL cannot be part of any argument or path.
  if (text.includes('\0') || text === '') throw unwritable(text);
  return text
    .replaceAll('\\', '\\\\')
    .replaceAll('"', '\\"')
    .replaceAll('%', '%%')
    .replace(/[^\P{Cc}\x80-\x9f]/gu, (found) => `\\x${found.charCodeAt(0).toString(16).padStart(2, '0')}`);
}

/** Text as one line for people: blanks and breaks are single spaces. */
export function oneLine(text: string): string {
  return plainValue(
    text
      .replace(/[\s\p{Cc}]+/gu, ' ')
      .replace(/[\s\\]+$/, '')
      .trim(),
  );
}

function unwritable(text: string): Failure {
  return new Failure('usage', `${JSON.stringify(text)} cannot be written into a unit file`, {
    hint: 'use a path without control characters, blanks at its ends and a backslash at its end',
  });
}
