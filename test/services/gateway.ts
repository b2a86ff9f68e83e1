import { startContainerGateway } from './containers.ts';
import { startNativeS3 } from './native-s3.ts';
import type { RunningService } from './running-service.ts';
import type { S3Service, Services } from './services.ts';

export interface GatewayOptions {
  /** How long a day of a lifecycle rule lasts, seconds; real days unless said. */
  readonly lifecycleDaySeconds?: number;
  /** Answer with TLS as well. */
  readonly tls?: boolean;
}

/** Ceph's gateway with what no other S3 can give. */
export interface Gateway extends S3Service {
  /** With TLS, and the file of the certificate to trust. */
  readonly secure?: { readonly endpoint: string; readonly certificate: string };
}

/** A gateway to one test file's measure, had in the same way as the services' own S3. */
export function startGateway(services: Services, options: GatewayOptions): Promise<RunningService<Gateway>> {
  const { gatewayImage } = services.s3;
  return gatewayImage === undefined ? startNativeS3(options) : startContainerGateway(gatewayImage, options);
}
