/**
 * The runtime's cryptographic library measures jitter of the processor for 30 to 50 ms before its first random
 * number, once a process (aws/aws-lc-rs#1140). TLS does that on the main thread in the middle of its first handshake.
 */

/**
 * Has it done by a thread of the runtime's pool; called where a program starts, it is over when the modules for the
 * connection are loaded. Resolves then, never rejects: TLS does without.
 */
export async function gatherEntropy(): Promise<void> {
  try {
    // The key is thrown away. Of the ways to ask for random numbers this one does not run on the main thread.
    const extractable = false;
    const curve = { name: "ECDSA", namedCurve: "P-256" };
    await crypto.subtle.generateKey(curve, extractable, ["sign"]);
  } catch {
    // Whatever is wrong with it, the handshake meets it again and says so.
  }
}
