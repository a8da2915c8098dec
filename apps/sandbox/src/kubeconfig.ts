import { readFileSync } from 'node:fs';
import type { KeyPairFiles } from './pki.ts';

/** A kubeconfig as JSON (which is YAML), with the certificates inside, so that the one file can be copied anywhere. */
export function renderKubeconfig(server: string, caFile: string, user: string, files: KeyPairFiles): string {
  const base64 = (file: string) => readFileSync(file).toString('base64');
  const name = 'weir-sandbox';
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name, cluster: { server, 'certificate-authority-data': base64(caFile) } }],
    users: [
      {
        name: user,
        user: { 'client-certificate-data': base64(files.certificate), 'client-key-data': base64(files.key) },
      },
    ],
    contexts: [{ name, context: { cluster: name, user, namespace: 'default' } }],
    'current-context': name,
  };
  return `${JSON.stringify(config, undefined, 2)}\n`;
}
