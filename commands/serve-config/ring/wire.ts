/**
 * The message of the group-cache protocol (serve-config.md 6.3), proto2 on the wire: value 1, expire 3 in
 * nanoseconds, and 1001 with what replicas of kcfg tell one another.
 */

import { BinaryReader, BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import * as v from "valibot";

/** What kcfg adds for kcfg; every other reader skips it. */
export interface PeerMeta {
  /** Content type, when it is not the one that the bytes suggest. */
  readonly ct?: string | undefined;
  /** When it was loaded, milliseconds since the Unix epoch by the owner's clock. */
  readonly at: number;
  /** Milliseconds of life left; absent for an object that never expires. */
  readonly rem?: number | undefined;
  /** When the object changed, milliseconds since the Unix epoch, where clients are to be told. */
  readonly lm?: number | undefined;
  /** Whether the owner's backend fails and this was its last answer. */
  readonly stale?: boolean | undefined;
}

/** A message. */
export interface PeerMessage {
  readonly value: Uint8Array<ArrayBuffer>;
  /** Milliseconds since the Unix epoch; `undefined` for no expiry. */
  readonly expiresAtMs: number | undefined;
  readonly meta?: PeerMeta | undefined;
}

const VALUE = 1;
const MINUTE_QPS = 2;
const EXPIRE = 3;
const META = 1001;

const MetaSchema = v.object({
  ct: v.optional(v.string()),
  at: v.number(),
  rem: v.optional(v.number()),
  lm: v.optional(v.number()),
  stale: v.optional(v.boolean()),
});

/** Writes a message. The expiry is always there, 0 for none. */
export function encodeMessage({ value, expiresAtMs, meta }: PeerMessage): Uint8Array<ArrayBuffer> {
  const writer = new BinaryWriter();
  writer.tag(VALUE, WireType.LengthDelimited).bytes(value);
  writer.tag(EXPIRE, WireType.Varint).int64(nanosOf(expiresAtMs));
  if (meta !== undefined) {
    writer.tag(META, WireType.LengthDelimited).string(JSON.stringify(meta));
  }
  return writer.finish();
}

/** A message in the dialect of another library: whoever wrote it is in no ring with this one. */
export class DialectError extends SyntaxError {
  override readonly name = "DialectError";
}

/**
 * Reads a message, whatever else is in it.
 *
 * @throws {SyntaxError} when it is none
 * @throws {DialectError} when it is one of another dialect of the protocol
 */
export function decodeMessage(bytes: Uint8Array): PeerMessage {
  let value: Uint8Array<ArrayBuffer> = new Uint8Array();
  let nanos = 0n;
  let meta: PeerMeta | undefined;
  try {
    const reader = new BinaryReader(bytes);
    while (reader.pos < reader.len) {
      const [field, type] = reader.tag();
      if (field === VALUE && type === WireType.LengthDelimited) {
        value = new Uint8Array(reader.bytes());
      } else if (field === EXPIRE && type === WireType.Varint) {
        nanos = BigInt(reader.int64());
      } else if (field === MINUTE_QPS && type === WireType.Varint) {
        throw new DialectError(DIALECT);
      } else if (field === META && type === WireType.LengthDelimited) {
        meta = parseMeta(reader.string());
      } else {
        reader.skip(type, field);
      }
    }
  } catch (error) {
    if (error instanceof SyntaxError) throw error;
    throw new SyntaxError("Cannot read the answer of a peer: it is no group-cache message", {
      cause: error,
    });
  }
  return { value, expiresAtMs: nanos === 0n ? undefined : Number(nanos / 1000n) / 1000, meta };
}

const DIALECT =
  "Cannot read the answer of a peer: it has the expiry in field 2, as modernprogram/groupcache writes it, and " +
  "hashes keys differently; replicas of the two must not share a ring";

function nanosOf(ms: number | undefined): bigint {
  if (ms === undefined) return 0n;
  // Microseconds are within what a number holds exactly; nanoseconds are not.
  return BigInt(Math.round(ms * 1000)) * 1000n;
}

function parseMeta(text: string): PeerMeta | undefined {
  try {
    const result = v.safeParse(MetaSchema, JSON.parse(text));
    return result.success ? result.output : undefined;
  } catch (error) {
    // A later version may write something else here; the message is good without it.
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
