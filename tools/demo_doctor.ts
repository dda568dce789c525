/** `deno task demo doctor`: the doctor visits a healthy server, a stranger's credentials and a dead server. */

import { say, showKcfg, withApiServer } from "./demo_story.ts";

const USERS = {
  "demo-token": {
    name: "system:serviceaccount:team-a:kcfg",
    groups: ["system:serviceaccounts"],
    rules: [
      { nonResourceURLs: ["/version"], verbs: ["get"] },
      {
        apiGroups: ["authentication.k8s.io"],
        resources: ["selfsubjectreviews"],
        verbs: ["create"],
      },
      { apiGroups: [""], resources: ["configmaps"], verbs: ["list", "watch"] },
      { apiGroups: [""], resources: ["pods"], verbs: ["get", "list", "watch"] },
      { apiGroups: ["discovery.k8s.io"], resources: ["endpointslices"], verbs: ["list", "watch"] },
    ],
  },
};

/** Tells the story; 0 when each visit ended as it should. */
export async function demoDoctor(): Promise<number> {
  const notAfter = new Date(Date.now() + 365 * 24 * 3600_000);
  return await withApiServer(
    { users: USERS, tls: { notAfter } },
    async (server, saveKubeconfig) => {
      say("An API server runs inside this demo, with a kubeconfig of its own. First, all is well:");
      const env = { KUBECONFIG: await saveKubeconfig("demo-token"), NO_COLOR: "1" };
      const well = await showKcfg(["doctor", "--check-access", "-n", "team-a"], env);
      say("\nThe same server, credentials it does not know:");
      await saveKubeconfig("expired-token");
      const denied = await showKcfg(["doctor"], env);
      say("\nThe server is gone:");
      await saveKubeconfig("demo-token");
      await server.pause();
      const unreachable = await showKcfg(["doctor", "--request-timeout=2s"], env);
      const asExpected = well === 0 && denied === 5 && unreachable === 6;
      say(
        asExpected
          ? "\nEach exit status tells a script what the table tells you."
          : "\nThat was not as it should be.",
      );
      return asExpected ? 0 : 1;
    },
  );
}
