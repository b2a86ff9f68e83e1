import { defined } from '../../../base/defined.ts';
import { defaults } from '../../generated/environments.defaults.ts';
import type { WrittenEmail } from '../../generated/environments.types.ts';
import type { SecretReference } from '../../secret-reference.ts';
import type { Open } from '../../yaml/open.ts';
import type { ChannelKind, TakesMessages } from './channel.ts';

export interface EmailChannel extends TakesMessages {
  readonly kind: 'email';
  readonly to: readonly string[];
  /** Absent: run-plan at this host. */
  readonly from?: string;
  readonly smtp: SmtpServer;
}

export interface SmtpServer {
  readonly host: string;
  readonly port: number;
  readonly user?: string;
  readonly password?: SecretReference;
  readonly tls: 'starttls' | 'implicit' | 'opportunistic' | 'none';
  /** Path of a CA certificate. */
  readonly ca?: string;
}

const usual = defaults.environments.alerts.email;

/** What is encrypted from its start has a port of its own. */
const implicitPort = 465;

export const email: ChannelKind<WrittenEmail, EmailChannel> = {
  tells: 'messages',
  read: ({ to, from, smtp }, reference) => {
    const receivers = (to ?? []).filter((each: string | Open | null) => each !== null);
    const host: string | Open | undefined = smtp?.host;
    if (receivers.length === 0 || smtp === undefined || host === undefined) return undefined;
    const { user, password, ca } = smtp;
    const isImplicit = smtp.port === implicitPort;
    return {
      to: receivers,
      ...defined({ from }),
      smtp: {
        host,
        port: smtp.port ?? (smtp.tls === 'implicit' ? implicitPort : usual.smtp.port),
        ...defined({ user }),
        ...(password !== undefined && { password: reference(password, 'smtp', 'password') }),
        tls: smtp.tls ?? (isImplicit ? 'implicit' : password === undefined ? 'opportunistic' : 'starttls'),
        ...defined({ ca }),
      },
    };
  },
};
