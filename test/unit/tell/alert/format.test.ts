import { describe, expect, test } from 'vitest';
import { renderDiscord } from '../../../../src/tell/alert/format/discord.ts';
import { fillTemplate, renderJson } from '../../../../src/tell/alert/format/json.ts';
import { renderNtfy } from '../../../../src/tell/alert/format/ntfy.ts';
import { renderSlack } from '../../../../src/tell/alert/format/slack.ts';
import { renderTeams } from '../../../../src/tell/alert/format/teams.ts';
import { renderText } from '../../../../src/tell/alert/format/text.ts';
import type { AlertMessage } from '../../../../src/tell/alert/message.ts';
import { worst } from '../../../fixtures/alerts.ts';

test('the plain text says what, where, since when, what is left, and what to do', () => {
  expect(renderText(worst))
    .toBe(`STILL FAILING: nightly-prod on db1, step postgres-dump (5 times since 2026-11-22 02:00 UTC)

db.internal:5432 <refused> the "connection" & more
@everyone \`\`\` $(reboot) \`id\` größer

  plan         nightly-prod, step postgres-dump
  environment  prod
  host         db1
  since        2026-11-22 02:00 UTC, 5 times
  last good    pg_cleaning_20261121T020000Z, 3d old
  run          nightly-prod-20261124T020000Z-3fa9

What to do: is the server up?
  $ run-plan history nightly-prod --limit 5
  $ run-plan nightly-prod
`);
});

test.each([
  ['slack', renderSlack],
  ['discord', renderDiscord],
  ['teams', renderTeams],
  ['json', renderJson],
  ['ntfy', renderNtfy],
] as const)('%s', async (name, render) => {
  await expect(`${JSON.stringify(render(worst), null, 2)}\n`).toMatchFileSnapshot(
    `expected/${name}.json.txt`,
  );
});

describe('whatever an error says', () => {
  const long: AlertMessage = {
    ...worst,
    title: 'ü'.repeat(1000),
    lines: Array.from({ length: 9 }, () => '*<!channel> `x`* & '.repeat(200)),
    hint: '_y_'.repeat(1000),
  };

  test('Slack gets blocks within its limits that mention nobody', () => {
    const { blocks } = renderSlack(long) as {
      readonly blocks: readonly { readonly text: { readonly text: string } }[];
    };
    for (const { text } of blocks) expect([...text.text].length).toBeLessThanOrEqual(3000);
    expect([...(blocks[0]?.text.text ?? '')].length).toBeLessThanOrEqual(150);
    expect(JSON.stringify(blocks)).not.toMatch(/<!channel>/);
  });

  test('Discord gets an embed within its limits that mentions nobody', () => {
    const sent = renderDiscord(long) as {
      readonly allowed_mentions: unknown;
      readonly embeds: readonly {
        readonly title: string;
        readonly description: string;
        readonly fields: readonly { readonly value: string }[];
      }[];
    };
    expect(sent.allowed_mentions).toEqual({ parse: [] });
    const [embed] = sent.embeds;
    expect([...(embed?.title ?? '')].length).toBeLessThanOrEqual(256);
    expect([...(embed?.description ?? '')].length).toBeLessThanOrEqual(4096);
    for (const { value } of embed?.fields ?? []) expect([...value].length).toBeLessThanOrEqual(1024);
    expect(JSON.stringify(sent).length).toBeLessThan(8000);
  });

  test('ntfy gets a body that is no attachment, and headers of ASCII', () => {
    const { body, headers } = renderNtfy(long);
    expect(Buffer.byteLength(body)).toBeLessThanOrEqual(4096);
    for (const value of Object.values(headers)) expect(value).toMatch(/^[\x20-\x7e]*$/);
  });
});

test('a template is filled in its texts alone, and once: what a value holds is no place for another', () => {
  const values = { title: '{secrets.key}', 'secrets.key': 'sesame' };
  expect(fillTemplate({ '{title}': ['{title}', 3, null], x: { y: '{nothing}' } }, values)).toEqual({
    '{title}': ['{secrets.key}', 3, null],
    x: { y: '{nothing}' },
  });
});
