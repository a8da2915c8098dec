import 'reflect-metadata';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { webcrypto } from 'node:crypto';
import { join } from 'node:path';
import * as x509 from '@peculiar/x509';

/** Paths of a certificate and its private key, both PEM. */
export interface KeyPairFiles {
  readonly certificate: string;
  readonly key: string;
}

/** Whom the sandbox makes a client certificate of the Kubernetes API for; the user name is `system:` less in ours. */
export const USERS = {
  admin: { user: 'weir-admin', group: 'system:masters' },
  // Each controller has a role of its own, meant for a service account of its own; one certificate carries them all
  // only as an administrator.
  'kube-controller-manager': { user: 'system:kube-controller-manager', group: 'system:masters' },
  'kube-scheduler': { user: 'system:kube-scheduler', group: undefined },
  // Plays the kubelets of all nodes, and no built-in role allows that.
  kwok: { user: 'weir-kwok', group: 'system:masters' },
  worker: { user: 'weir-worker', group: undefined },
  api: { user: 'weir-api', group: undefined },
  // The local gateway reads, and writes nothing.
  gateway: { user: 'weir-gateway', group: undefined },
  // For a worker or an API that is started by hand: what both of them may do.
  byhand: { user: 'weir-byhand', group: undefined },
} as const;

export type UserName = keyof typeof USERS;

/** Everything that proves who is who in one sandbox. */
export interface Pki {
  readonly etcdCa: string;
  readonly etcd: KeyPairFiles;
  readonly etcdClient: KeyPairFiles;
  readonly kubernetesCa: string;
  readonly kubernetes: KeyPairFiles;
  readonly users: Readonly<Record<UserName, KeyPairFiles>>;
  /** Signs the tokens of service accounts. */
  readonly serviceAccounts: { readonly publicKey: string; readonly key: string };
}

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const DAY_MS = 24 * 60 * 60 * 1000;
const VALID_MS = 365 * DAY_MS;
/** Certificates are made anew before they can run out under a sandbox that stays up over a holiday. */
const RENEW_BEFORE_MS = 30 * DAY_MS;

/**
 * The certificates in `folder`, made when one is missing or nearly expired. etcd has an authority of its own: a client
 * certificate of the Kubernetes API must not open its database.
 *
 * @throws when the folder cannot be written.
 */
export async function ensurePki(folder: string, now = new Date()): Promise<Pki> {
  const pki = layout(folder);
  const certificates = [pki.etcdCa, pki.kubernetesCa, ...leaves(pki).map(({ certificate }) => certificate)];
  const keys = [pki.serviceAccounts.key, ...leaves(pki).map(({ key }) => key)];
  const complete = [...certificates, ...keys].every((file) => existsSync(file));
  const fresh = (file: string) =>
    new x509.X509Certificate(readFileSync(file, 'utf8')).notAfter.getTime() - now.getTime() > RENEW_BEFORE_MS;
  if (!complete || !certificates.every(fresh)) {
    await writePki(folder, pki, now);
  }
  return pki;
}

async function writePki(folder: string, pki: Pki, now: Date): Promise<void> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const etcdCa = await Authority.create('weir sandbox etcd', now);
  const kubernetesCa = await Authority.create('weir sandbox kubernetes', now);
  writePrivate(pki.etcdCa, etcdCa.pem);
  writePrivate(pki.kubernetesCa, kubernetesCa.pem);
  await etcdCa.issue(pki.etcd, 'CN=etcd', true);
  await etcdCa.issue(pki.etcdClient, 'CN=kube-apiserver', false);
  await kubernetesCa.issue(pki.kubernetes, 'CN=weir-sandbox', true);
  for (const name of Object.keys(USERS) as UserName[]) {
    const { user, group } = USERS[name];
    await kubernetesCa.issue(pki.users[name], group ? `CN=${user}, O=${group}` : `CN=${user}`, false);
  }
  if (!existsSync(pki.serviceAccounts.key)) {
    const keys = await newKeys();
    writePrivate(pki.serviceAccounts.publicKey, await publicPem(keys.publicKey));
    writePrivate(pki.serviceAccounts.key, await privatePem(keys.privateKey));
  }
}

class Authority {
  readonly #certificate: x509.X509Certificate;
  readonly #keys: webcrypto.CryptoKeyPair;

  private constructor(certificate: x509.X509Certificate, keys: webcrypto.CryptoKeyPair) {
    this.#certificate = certificate;
    this.#keys = keys;
  }

  static async create(name: string, now: Date): Promise<Authority> {
    const keys = await newKeys();
    const certificate = await x509.X509CertificateGenerator.createSelfSigned({
      name: `CN=${name}`,
      keys,
      signingAlgorithm: ALGORITHM,
      ...validity(now),
      extensions: [
        new x509.BasicConstraintsExtension(true, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.digitalSignature, true),
        await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      ],
    });
    return new Authority(certificate, keys);
  }

  get pem(): string {
    return `${this.#certificate.toString('pem')}\n`;
  }

  async issue(files: KeyPairFiles, subject: string, server: boolean): Promise<void> {
    const keys = await newKeys();
    const certificate = await x509.X509CertificateGenerator.create({
      subject,
      issuer: this.#certificate.subject,
      publicKey: keys.publicKey,
      signingKey: this.#keys.privateKey,
      signingAlgorithm: ALGORITHM,
      notBefore: this.#certificate.notBefore,
      notAfter: this.#certificate.notAfter,
      extensions: [
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        // etcd calls itself with its server certificate, so a server is a client too.
        new x509.ExtendedKeyUsageExtension([
          ...(server ? [x509.ExtendedKeyUsage.serverAuth] : []),
          x509.ExtendedKeyUsage.clientAuth,
        ]),
        ...(server ? [new x509.SubjectAlternativeNameExtension(LOOPBACK_NAMES)] : []),
        await x509.AuthorityKeyIdentifierExtension.create(this.#certificate),
      ],
    });
    writePrivate(files.certificate, `${certificate.toString('pem')}\n`);
    writePrivate(files.key, await privatePem(keys.privateKey));
  }
}

const LOOPBACK_NAMES: x509.JsonGeneralNames = [
  { type: 'ip', value: '127.0.0.1' },
  { type: 'dns', value: 'localhost' },
];

function layout(folder: string): Pki {
  const pair = (name: string): KeyPairFiles => ({
    certificate: join(folder, `${name}.crt`),
    key: join(folder, `${name}.key`),
  });
  const users = Object.keys(USERS).map((name) => [name, pair(`user-${name}`)]);
  return {
    etcdCa: join(folder, 'etcd-ca.crt'),
    etcd: pair('etcd'),
    etcdClient: pair('etcd-client'),
    kubernetesCa: join(folder, 'kubernetes-ca.crt'),
    kubernetes: pair('kubernetes'),
    users: Object.fromEntries(users) as Record<UserName, KeyPairFiles>,
    serviceAccounts: {
      publicKey: join(folder, 'service-accounts.pub'),
      key: join(folder, 'service-accounts.key'),
    },
  };
}

function leaves(pki: Pki): KeyPairFiles[] {
  return [pki.etcd, pki.etcdClient, pki.kubernetes, ...Object.values(pki.users)];
}

function validity(now: Date): { notBefore: Date; notAfter: Date } {
  // An hour back: a clock that is set right after the start must not make them invalid.
  return { notBefore: new Date(now.getTime() - 60 * 60 * 1000), notAfter: new Date(now.getTime() + VALID_MS) };
}

function newKeys(): Promise<webcrypto.CryptoKeyPair> {
  return crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
}

async function privatePem(key: webcrypto.CryptoKey): Promise<string> {
  return `${x509.PemConverter.encode(await crypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY')}\n`;
}

async function publicPem(key: webcrypto.CryptoKey): Promise<string> {
  return `${x509.PemConverter.encode(await crypto.subtle.exportKey('spki', key), 'PUBLIC KEY')}\n`;
}

function writePrivate(path: string, content: string): void {
  writeFileSync(path, content, { mode: 0o600 });
}
