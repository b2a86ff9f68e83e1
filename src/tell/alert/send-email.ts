import { readFile } from 'node:fs/promises';
import type { EmailChannel, SmtpServer } from '../../language/environment/channel/email.ts';
import type { Secrets } from '../../language/secret-reference.ts';
import { renderBody } from './format/text.ts';
import type { AlertMessage } from './message.ts';
import { sendWithin, type Attempt, type Sent, type Surroundings } from './sending.ts';

/** For each conversation's connect, greeting and silence, milliseconds. */
const silenceMs = 10_000;

/** Hands a message to a mail server. All receivers must be accepted: a mail that only some get is not delivered. Never rejects. */
export function sendEmail(
  channel: EmailChannel,
  message: AlertMessage,
  surroundings: Surroundings,
  signal: AbortSignal,
): Promise<Sent> {
  return sendWithin(channel.timeoutMs, surroundings, signal, (ends) =>
    attempt(channel, message, surroundings, ends),
  );
}

async function attempt(
  { smtp, to, from }: EmailChannel,
  message: AlertMessage,
  { secrets, hostName }: Surroundings,
  signal: AbortSignal,
): Promise<Attempt> {
  const options = await transportOptions(smtp, secrets);
  const { createTransport } = await import('nodemailer');
  const transport = createTransport(options);
  const close = (): void => {
    transport.close();
  };
  signal.addEventListener('abort', close, { once: true });
  try {
    const { rejected, response } = await transport.sendMail({
      from: from ?? { name: 'run-plan', address: `run-plan@${hostName}` },
      to: [...to],
      subject: message.title,
      text: renderBody(message),
      date: new Date(message.at),
      headers: {
        // RFC 3834: no out-of-office answers.
        'auto-submitted': 'auto-generated',
        'x-run-plan-event': message.events[0],
        'x-run-plan-plan': message.plan,
      },
      ...(message.severity === 'critical' && { priority: 'high' as const }),
      disableFileAccess: true,
      disableUrlAccess: true,
    });
    if (rejected.length > 0)
      return {
        ok: false,
        text: `${smtp.host} does not take mail for ${rejected.join(', ')}`,
        mayPass: false,
      };
    return { ok: true, text: `SMTP ${response.replaceAll(/\s+/g, ' ').slice(0, 120)}` };
  } catch (error) {
    return refusalOf(error, smtp);
  } finally {
    signal.removeEventListener('abort', close);
    transport.close();
  }
}

async function transportOptions(smtp: SmtpServer, secrets: Secrets) {
  const { host, port, user, password, tls, ca } = smtp;
  // Encryption that a server may leave out protects from nobody who could forge a certificate.
  const verifies = tls === 'starttls' || tls === 'implicit';
  return {
    host,
    port,
    secure: tls === 'implicit',
    requireTLS: tls === 'starttls',
    ignoreTLS: tls === 'none',
    tls: { rejectUnauthorized: verifies, ...(ca !== undefined && { ca: await readFile(ca) }) },
    ...(user !== undefined &&
      password !== undefined && { auth: { user, pass: (await secrets.resolve(password)).reveal() } }),
    connectionTimeout: silenceMs,
    greetingTimeout: silenceMs,
    socketTimeout: silenceMs,
    dnsTimeout: silenceMs,
  };
}

/** Refusals that begin with 4 are for now (RFC 5321); so is a server that does not answer. */
function refusalOf(error: unknown, { host, port }: SmtpServer): Attempt {
  const { message, responseCode, code } = error as Error & {
    readonly responseCode?: number;
    readonly code?: string;
  };
  const mayPass =
    responseCode === undefined
      ? ['ECONNECTION', 'ETIMEDOUT', 'ESOCKET', 'EDNS', 'ECONNREFUSED', 'ECONNRESET'].includes(code ?? '')
      : responseCode >= 400 && responseCode <= 499;
  return {
    ok: false,
    text: `${host}:${String(port)}: ${message.replaceAll(/\s+/g, ' ').slice(0, 300)}`,
    mayPass,
  };
}
