/** What a kill is made for: a Deployment and its like, or Auto Scaling groups that belong together. */
export interface App {
  readonly kind: string;
  readonly key: string;
  readonly uid: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}
