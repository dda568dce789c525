/** Frames as they are sent, and the numbers of the protocol: RFC 9113, sections 4 and 6. */

/** Bytes before each frame's content. */
export const FRAME_HEADER_BYTES = 9;
/** Largest content of a frame that every peer takes. */
export const DEFAULT_FRAME_BYTES = 16_384;
/** Window of a connection and of its streams until something else was said. */
export const DEFAULT_WINDOW_BYTES = 65_535;
/** Largest window. */
export const MAX_WINDOW_BYTES = 2 ** 31 - 1;

/** Types of frames. */
export const FrameType = {
  DATA: 0,
  HEADERS: 1,
  RST_STREAM: 3,
  SETTINGS: 4,
  PUSH_PROMISE: 5,
  PING: 6,
  GOAWAY: 7,
  WINDOW_UPDATE: 8,
  CONTINUATION: 9,
} as const;

/** Flags of frames; `ACK` is of SETTINGS and PING. */
export const Flag = {
  ACK: 0x1,
  END_STREAM: 0x1,
  END_HEADERS: 0x4,
  PADDED: 0x8,
  PRIORITY: 0x20,
} as const;

/** Settings. */
export const Setting = {
  ENABLE_PUSH: 2,
  MAX_CONCURRENT_STREAMS: 3,
  INITIAL_WINDOW_SIZE: 4,
  MAX_FRAME_SIZE: 5,
  MAX_HEADER_LIST_SIZE: 6,
} as const;

/** What stands before the content of a frame. */
export interface FrameHead {
  readonly type: number;
  readonly flags: number;
  /** 0 for the connection. */
  readonly streamId: number;
}

/** What a client says first. */
export const PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/** A frame. */
export function makeFrame(
  { type, flags, streamId }: FrameHead,
  content: Uint8Array = new Uint8Array(0),
): Uint8Array {
  const frame = new Uint8Array(FRAME_HEADER_BYTES + content.length);
  frame[0] = content.length >>> 16;
  frame[1] = content.length >>> 8;
  frame[2] = content.length;
  frame[3] = type;
  frame[4] = flags;
  new DataView(frame.buffer).setUint32(5, streamId);
  frame.set(content, FRAME_HEADER_BYTES);
  return frame;
}

/** SETTINGS with pairs of a setting and its value. */
export function settingsFrame(settings: readonly (readonly [number, number])[]): Uint8Array {
  const content = new Uint8Array(settings.length * 6);
  const view = new DataView(content.buffer);
  settings.forEach(([setting, value], at) => {
    view.setUint16(at * 6, setting);
    view.setUint32(at * 6 + 2, value);
  });
  return makeFrame({ type: FrameType.SETTINGS, flags: 0, streamId: 0 }, content);
}

/** WINDOW_UPDATE: the peer may send so many bytes more. */
export function windowFrame(streamId: number, bytes: number): Uint8Array {
  return makeFrame({ type: FrameType.WINDOW_UPDATE, flags: 0, streamId }, number32(bytes));
}

/** RST_STREAM. */
export function resetFrame(streamId: number, code: number): Uint8Array {
  return makeFrame({ type: FrameType.RST_STREAM, flags: 0, streamId }, number32(code));
}

/** GOAWAY of a client, which was sent no streams. */
export function goawayFrame(code: number): Uint8Array {
  const content = new Uint8Array(8);
  content.set(number32(code), 4);
  return makeFrame({ type: FrameType.GOAWAY, flags: 0, streamId: 0 }, content);
}

/** HEADERS and as many CONTINUATION frames as the block needs. */
export function headerFrames(
  block: Uint8Array,
  { streamId, endStream, maxFrameBytes }: {
    readonly streamId: number;
    readonly endStream: boolean;
    readonly maxFrameBytes: number;
  },
): readonly Uint8Array[] {
  const frames: Uint8Array[] = [];
  for (let at = 0; at === 0 || at < block.length; at += maxFrameBytes) {
    const type = at === 0 ? FrameType.HEADERS : FrameType.CONTINUATION;
    const isLast = at + maxFrameBytes >= block.length;
    const flags = (isLast ? Flag.END_HEADERS : 0) |
      (at === 0 && endStream ? Flag.END_STREAM : 0);
    frames.push(makeFrame({ type, flags, streamId }, block.subarray(at, at + maxFrameBytes)));
  }
  return frames;
}

function number32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes;
}
