/** `2026-10-25T00:30:00Z`, and the plan's own zone beside it when that is another: `2026-10-25 02:30:00 Europe/Berlin`. */
export function renderRunTime(at: Date, timeZone: string): string {
  const utc = at.toISOString().replace('.000Z', 'Z');
  if (timeZone === 'UTC') return utc;
  const local = new Intl.DateTimeFormat('sv-SE', {
    timeZone,
    dateStyle: 'short',
    timeStyle: 'medium',
  }).format(at);
  return `${utc}  ${local} ${timeZone}`;
}
