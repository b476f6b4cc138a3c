/** What AWS answers when it does not do as asked. `code` is AWS's own word, such as `LoadBalancerNotFound`. */
export class AwsError extends Error {
  readonly code: string;
  readonly status: number;
  constructor(code: string, message: string, status = 400) {
    super(message);
    this.name = "AwsError";
    this.code = code;
    this.status = status;
  }
}
