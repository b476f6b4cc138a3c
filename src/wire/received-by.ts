const RECEIVED_BY = /^[A-Za-z0-9._-]{1,100}(?::\d{1,5})?$/;

/** Whether a proxy may call itself so in Via (RFC 9110 section 7.6.3): a pseudonym, or a host with or without its port. */
export function isReceivedBy(text: string): boolean {
  return RECEIVED_BY.test(text);
}
