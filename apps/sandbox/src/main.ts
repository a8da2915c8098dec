/** `npm run sandbox`: starts the sandbox, says when it is ready, and stops it when asked. */
import { SANDBOX_USAGE, UsageError, parseSandboxArguments } from './arguments.ts';
import { watchForInterruption } from './interruption.ts';
import { startSandbox } from './sandbox.ts';

// Whoever read the output may have left (`| head`); that is no reason to stop.
process.stdout.on('error', () => {});
const print = (line: string) => process.stdout.write(`${line}\n`);

async function main(): Promise<number> {
  const { help, ...options } = parseSandboxArguments(process.argv.slice(2));
  if (help) {
    process.stdout.write(SANDBOX_USAGE);
    return 0;
  }
  const startedAt = Date.now();
  const interruption = watchForInterruption();
  const { signal } = interruption;
  try {
    const sandbox = await startSandbox({ ...options, report: print, signal });
    const { apiUrl, temporalUiUrl, kubeconfig } = sandbox.info;
    print(`sandbox ready after ${((Date.now() - startedAt) / 1000).toFixed(1)} s: ${options.state}/sandbox.json`);
    if (options.api) {
      print(`  API          ${apiUrl}/docs`);
    }
    sandbox.info.gatewayUrls.forEach((url, index) => {
      print(
        `  gateway ${index + 1}    ${url}, diagnostics ${sandbox.info.diagnosticsUrls[index]}/ambassador/v0/diag/?json=true`,
      );
    });
    print(`  Temporal UI  ${temporalUiUrl}/namespaces/${sandbox.info.temporalNamespace}/workflows`);
    print(`  kubeconfig   ${kubeconfig}`);
    print('  Ctrl-C stops it all; the same --state goes on where it was');
    if (!signal.aborted) {
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
    }
    await sandbox.stop(signal.reason === 'parent');
    return 0;
  } catch (error) {
    if (!signal.aborted) {
      throw error;
    }
    return 130;
  } finally {
    interruption.close();
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  const usage = error instanceof UsageError ? `\n\n${SANDBOX_USAGE}` : '\n';
  process.stderr.write(`sandbox: ${(error as Error).message}${usage}`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
