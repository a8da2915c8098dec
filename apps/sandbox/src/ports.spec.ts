import { describe, expect, it } from '@jest/globals';
import { PORT_NAMES, PortTakenError, type PortSource, choosePorts } from './ports.ts';

/** Gives 20000, 20001 and so on; `taken` are in use by others. */
function source(taken: readonly number[] = []): PortSource {
  let next = 20_000;
  return { isFree: (port) => Promise.resolve(!taken.includes(port)), random: () => next++ };
}

describe('choosing ports', () => {
  it('gives each name a port of its own', async () => {
    const ports = await choosePorts({}, {}, source());
    expect(new Set(Object.values(ports)).size).toBe(PORT_NAMES.length);
  });

  it('passes over ports that are in use', async () => {
    const ports = await choosePorts({}, {}, source([20_000, 20_002]));
    expect([ports.etcd, ports.etcdPeer]).toEqual([20_001, 20_003]);
  });

  it('takes the ports that this sandbox had before', async () => {
    const before = await choosePorts({}, {}, source());
    expect(await choosePorts({}, before, source(Array.from({ length: 50 }, (_, i) => 21_000 + i)))).toEqual(before);
  });

  it('chooses anew where the port of before is in use, and keeps the others', async () => {
    const ports = await choosePorts({}, { etcd: 25_000, api: 25_001 }, source([25_000]));
    expect([ports.etcd, ports.api]).toEqual([20_000, 25_001]);
  });

  it('prefers a named port to the one of before', async () => {
    expect((await choosePorts({ api: 8080 }, { api: 25_001 }, source())).api).toBe(8080);
  });

  it('never gives a named port to another name, even where that one had it before', async () => {
    const ports = await choosePorts({ api: 25_000 }, { etcd: 25_000 }, source());
    expect([ports.etcd, ports.api]).toEqual([20_000, 25_000]);
  });

  it('says which named port is in use instead of taking another', async () => {
    const choice = choosePorts({ temporalUi: 8233 }, {}, source([8233]));
    await expect(choice).rejects.toThrow(PortTakenError);
    await expect(choice).rejects.toThrow('port 8233, named for temporalUi, is in use');
  });
});
