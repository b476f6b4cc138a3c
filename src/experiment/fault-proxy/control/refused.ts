/** A request to the control API that cannot be done; the answer's status and words are Toxiproxy's where it has them. */
export class Refused extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.name = "Refused";
    this.status = status;
  }
}
