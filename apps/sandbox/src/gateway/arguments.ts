import { parseArgs } from 'node:util';

/** The ports of one instance. */
export interface InstancePorts {
  readonly traffic: number;
  readonly diagnostics: number;
}

/** How the sandbox starts the gateway. */
export function gatewayArguments(instances: readonly InstancePorts[]): string[] {
  return instances.map(({ traffic, diagnostics }) => `--instance=${traffic}/${diagnostics}`);
}

/** @throws Error that says what is wrong, and what would be right */
export function parseGatewayArguments(args: readonly string[]): InstancePorts[] {
  const { values } = parseArgs({
    args: [...args],
    options: { instance: { type: 'string', multiple: true } },
    strict: true,
  });
  const instances = values.instance ?? [];
  if (instances.length === 0) {
    throw new Error('no instance: name each as --instance <traffic port>/<diagnostics port>');
  }
  return instances.map((text) => {
    const [, traffic, diagnostics] = /^(\d{1,5})\/(\d{1,5})$/.exec(text) ?? [];
    if (traffic === undefined || diagnostics === undefined) {
      throw new Error(`--instance needs <traffic port>/<diagnostics port>, not '${text}'`);
    }
    return { traffic: Number(traffic), diagnostics: Number(diagnostics) };
  });
}
