/** What can go wrong between two ends of an HTTP/2 connection; codes of RFC 9113, section 7. */

/** Error codes as they are sent in RST_STREAM and GOAWAY. */
export const ErrorCode = {
  NO_ERROR: 0,
  PROTOCOL_ERROR: 1,
  FLOW_CONTROL_ERROR: 3,
  FRAME_SIZE_ERROR: 6,
  REFUSED_STREAM: 7,
  CANCEL: 8,
  COMPRESSION_ERROR: 9,
  ENHANCE_YOUR_CALM: 11,
} as const;

/** The peer has broken a rule, so that the connection cannot go on. */
export class Http2Error extends Error {
  /** Name of the class. */
  override name = "Http2Error";
  /** What the peer is told. */
  readonly code: number;

  /** Makes an error that is told with `code`. */
  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}
