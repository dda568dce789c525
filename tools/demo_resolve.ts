/**
 * `deno task demo resolve`: the endpoints of a Service as a gRPC channel would see them, on the embedded API server.
 * Two slices are one answer, a change shows at once, a missing server changes nothing, mistakes are told apart.
 */

import type { KubeServer } from "../tests/support/kube_server.ts";
import { slice } from "../tests/support/slices.ts";
import { followKcfg, say, showKcfg, withApiServer } from "./demo_story.ts";

/** Tells the story; 0 when everything was seen as it should be. */
export async function demoResolve(): Promise<number> {
  return await withApiServer({}, async (server, saveKubeconfig) => {
    server.put({
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "web", namespace: "prod" },
      spec: { ports: [{ name: "grpc", port: 50051, protocol: "TCP" }] },
    });
    putSlices(server, { ready: false });
    const env = { KUBECONFIG: await saveKubeconfig("demo-token"), NO_COLOR: "1" };
    say("An API server runs inside this demo, with the Service web and two EndpointSlices.");
    say("One answer is made of both; what is not ready is left out:");
    const found = await showKcfg(["resolve", "web.prod:grpc"], env);
    say("\nWhy is one missing?");
    const explained = await showKcfg(["resolve", "--explain", "web.prod:grpc"], env);
    const followed = await tellWatch(server, env);
    say("\nMistakes are told apart by what is said and by the exit status:");
    const wrongPort = await showKcfg(["resolve", "web.prod:http"], env);
    const noService = await showKcfg(["resolve", "wbe.prod"], env);
    const codes = [found, explained, wrongPort, noService];
    return followed && `${codes}` === "0,0,3,4" ? 0 : 1;
  });
}

async function tellWatch(server: KubeServer, env: Record<string, string>): Promise<boolean> {
  say("\n$ kcfg resolve --watch web.prod:grpc");
  const { child, output, log } = followKcfg(["resolve", "--watch", "web.prod:grpc"], {
    env,
    onLine: (line) => say(`  ${line}`),
  });
  try {
    await output.until(/10\.0\.0\.2/);
    say("\nThe third endpoint becomes ready:");
    putSlices(server, { ready: true });
    await output.until(/10\.0\.0\.3/);
    say("\nThe API server goes away, an endpoint is added meanwhile, the server comes back:");
    await server.pause();
    putSlices(server, { ready: true, more: ["10.0.0.4"] });
    await server.resume();
    await output.until(/10\.0\.0\.4/);
    return true;
  } catch (error) {
    say(`That was not as it should be: ${error}\n${log.text()}`);
    return false;
  } finally {
    child.kill("SIGTERM");
    await Promise.all([child.status, output.done, log.done]);
  }
}

function putSlices(
  server: KubeServer,
  { ready, more = [] }: { readonly ready: boolean; readonly more?: string[] },
): void {
  server.put(slice("web-1", { endpoints: ["10.0.0.1", "10.0.0.2"] }));
  const third = { addresses: ["10.0.0.3"], conditions: { ready } };
  server.put(slice("web-2", { endpoints: [third, ...more] }));
}
