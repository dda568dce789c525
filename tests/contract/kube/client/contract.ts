/** What a case of the client contract gets: a client in a namespace of its own, on either server. */

import { unrestricted } from "#lib/kube/scope/client_scope.ts";
import { createKubeClient } from "#lib/kube/client.ts";
import type { KubeClient, KubeClientOptions } from "#lib/kube/contract.ts";
import type { TransportOptions } from "#lib/kube/transport/contract.ts";
import type { Endpoint } from "#tests/support/control_plane/http.ts";
import { testNamespace } from "#tests/support/control_plane/harness.ts";

/** A server the contract is run on. */
export interface ContractSide {
  readonly admin: Endpoint;
  /** How the server is spoken to. */
  readonly transportOptions?: Partial<TransportOptions>;
  /** An authenticated user without rights, when there is one. */
  readonly nobody?: Endpoint | undefined;
  /** Makes all history expire, where that can be done at once. */
  readonly expire?: (() => void) | undefined;
}

/** One run of one case. */
export interface Contract {
  readonly side: ContractSide;
  /** The administrator's client. */
  readonly kube: KubeClient;
  readonly namespace: string;
  /** A further client, closed with the case. */
  connect(endpoint: Endpoint, options?: Partial<KubeClientOptions>): KubeClient;
}

/** A named piece of the contract. */
export interface ContractCase {
  readonly name: string;
  /** `expire`: history that ends at a word, which only the fake can do. `nobody`: a user without rights. */
  readonly needs?: "expire" | "nobody";
  readonly run: (contract: Contract) => Promise<void>;
}

/** Runs a case with a fresh namespace; closes every client, whatever happens. */
export async function runCase({ run }: ContractCase, side: ContractSide): Promise<void> {
  const clients: KubeClient[] = [];
  const connect = (endpoint: Endpoint, options: Partial<KubeClientOptions> = {}) => {
    const client = createKubeClient({
      config: {
        server: endpoint.url,
        ...(endpoint.caPem === undefined ? {} : { certificateAuthority: { text: endpoint.caPem } }),
        ...(endpoint.token === undefined ? {} : { token: { text: endpoint.token } }),
        ...(endpoint.certificatePem === undefined
          ? {}
          : { clientCertificate: { text: endpoint.certificatePem } }),
        ...(endpoint.privateKeyPem === undefined
          ? {}
          : { clientKey: { text: endpoint.privateKeyPem } }),
      },
      scope: unrestricted(),
      transportOptions: side.transportOptions,
      // The limiter has tests of its own; here it would only slow the suite.
      qps: -1,
      ...options,
    });
    clients.push(client);
    return client;
  };
  await using namespace = await testNamespace(side.admin);
  try {
    await run({ side, kube: connect(side.admin), namespace: namespace.name, connect });
  } finally {
    for (const client of clients) await client.close();
  }
}
