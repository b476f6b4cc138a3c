/** What the filters that ask who somebody is are told from outside the routes. Plain data: it travels to the processes of a router. */
export interface AuthSettings {
  /** How long a `webhook` may take to answer. */
  readonly webhookTimeoutMs: number;
  /** Whom `oauthTokeninfo…` asks; undefined: such filters cannot be built. */
  readonly tokeninfo: { readonly url: string; readonly timeoutMs: number } | undefined;
  readonly introspectionTimeoutMs: number;
  /** What is kept of answers about tokens: of how many (0: nothing), and how long at most an answer is believed without asking again. */
  readonly tokenCache: { readonly size: number; readonly ttlMs: number };
  /** For `secureOauthTokenintrospection…` that names none. */
  readonly introspectionClient: { readonly id: string; readonly secret: string };
  /** Where secrets may be read from: files, or folders of files. A route names none outside of them. */
  readonly credentialsPaths: readonly string[];
  /** For `oauthOidc…`; undefined: such filters cannot be built. */
  readonly oidc:
    | {
        /** Has the keys of cookies: one passphrase a line, the first encrypts. */
        readonly secretsFile: string;
        /** For filters that name no client. */
        readonly client: { readonly id: string; readonly secret: string };
        /** How long a session lives at most. */
        readonly sessionMs: number;
      }
    | undefined;
}

/** Bounds that are the same for everybody. docs/threat-model.md has each by its name. */
export const authLimits = Object.freeze({
  /** Authorities that are told apart in metrics, breakers and bounds. */
  authorities: 1_000,
  /** Questions to one authority under way. */
  asking: 1_000,
  /** Connections to one authority. */
  connections: 64,
  /** Of what is remembered of one kind, all together. */
  cacheBytes: 67_108_864,
  /** Of an answer that is read. */
  answerBytes: 1_048_576,
  /** Of an answer about one token. */
  tokenAnswerBytes: 65_536,
  /** Keys of one set. */
  keys: 100,
  /** Tokens whose signature is known to be good, and how long they are not checked again. */
  verifiedTokens: 10_000,
  verifiedMs: 60_000,
  /** How far a clock may be wrong. */
  clockSkewMs: 5_000,
  /** How long a request waits for an authority that is asked for the first time. */
  firstAnswerMs: 5_000,
  /** From one look at metadata and keys to the next. */
  refreshMs: 600_000,
  /** A key nobody has heard of makes the keys be looked at again, at most so often. */
  unknownKeyMs: 10_000,
  /** How long keys are believed that nobody confirms. */
  trustedMs: 604_800_000,
  /** A key that is missing from the set is still believed for so long, and until it was missing so often. */
  missingKeyMs: 900_000,
  missingKeyAnswers: 3,
  /** An authority nobody asks for is not looked at any more. */
  unusedMs: 3_600_000,
  /** How long a login may take. */
  loginMs: 600_000,
  /** Cookies that one session may be split into, and what one of them may weigh; together they must fit into a field line of a request. */
  sessionCookies: 3,
  cookieBytes: 3_800,
  /** Cookies of one name that are tried. */
  sameCookies: 4,
  /** Of a session when it is unpacked. */
  sessionBytes: 262_144,
  /** Files with secrets or passwords that are known at once. */
  files: 1_000,
  /** Of such a file. */
  fileBytes: 1_048_576,
  /** From one look at such a file to the next. */
  fileLookMs: 2_000,
  /** Passwords waiting to be checked. */
  passwords: 64,
  /** Of a bcrypt hash: each step doubles the time. */
  bcryptCost: 14,
  /** Passwords known to be right, as many known to be wrong, and for how long. */
  knownPasswords: 1_000,
  knownPasswordMs: 300_000,
});
