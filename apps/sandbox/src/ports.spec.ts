import { describe, expect, it } from '@jest/globals';
import { PORT_NAMES, PortTakenError, type PortSource, choosePorts, gatewayPortNames } from './ports.ts';

/** Gives 20000, 20001 and so on; `taken` are in use by others. */
function source(taken: readonly number[] = []): PortSource {
  let next = 20_000;
  return { isFree: (port) => Promise.resolve(!taken.includes(port)), random: () => next++ };
}

describe('choosing ports', () => {
  it('gives each name a port of its own', async () => {
    const ports = await choosePorts({}, {}, 0, source());
    expect(new Set(Object.values(ports)).size).toBe(PORT_NAMES.length);
  });

  it('passes over ports that are in use', async () => {
    const ports = await choosePorts({}, {}, 0, source([20_000, 20_002]));
    expect([ports.etcd, ports.etcdPeer]).toEqual([20_001, 20_003]);
  });

  it('takes the ports that this sandbox had before', async () => {
    const before = await choosePorts({}, {}, 0, source());
    expect(await choosePorts({}, before, 0, source(Array.from({ length: 50 }, (_, i) => 21_000 + i)))).toEqual(before);
  });

  it('chooses anew where the port of before is in use, and keeps the others', async () => {
    const ports = await choosePorts({}, { etcd: 25_000, api: 25_001 }, 0, source([25_000]));
    expect([ports.etcd, ports.api]).toEqual([20_000, 25_001]);
  });

  it('prefers a named port to the one of before', async () => {
    expect((await choosePorts({ api: 8080 }, { api: 25_001 }, 0, source())).api).toBe(8080);
  });

  it('never gives a named port to another name, even where that one had it before', async () => {
    const ports = await choosePorts({ api: 25_000 }, { etcd: 25_000 }, 0, source());
    expect([ports.etcd, ports.api]).toEqual([20_000, 25_000]);
  });

  it('gives each gateway a port for traffic and one for diagnostics, and takes them again after another number', async () => {
    const before = await choosePorts({}, {}, 2, source());
    const names = gatewayPortNames(2).flat();
    expect(names).toEqual(['gateway1', 'gateway1Diagnostics', 'gateway2', 'gateway2Diagnostics']);
    expect(new Set(Object.values(before)).size).toBe(PORT_NAMES.length + 4);

    const elsewhere = source(Array.from({ length: 50 }, (_, i) => 21_000 + i));
    const one = await choosePorts({}, before, 1, elsewhere);
    expect(one).toEqual({ ...before, gateway2: undefined, gateway2Diagnostics: undefined });
    expect(await choosePorts({}, { ...before, ...one }, 2, elsewhere)).toEqual(before);
  });

  it('says which named port is in use instead of taking another', async () => {
    const choice = choosePorts({ temporalUi: 8233 }, {}, 0, source([8233]));
    await expect(choice).rejects.toThrow(PortTakenError);
    await expect(choice).rejects.toThrow('port 8233, named for temporalUi, is in use');
  });
});
